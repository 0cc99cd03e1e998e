/** Other readings of a text: what a browser or a script host makes of it. Each takes linear time. */

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  Tab: '\t',
  NewLine: '\n',
  colon: ':',
  semi: ';',
  comma: ',',
  period: '.',
  lpar: '(',
  rpar: ')',
  sol: '/',
  plus: '+',
  equals: '=',
  num: '#',
};

function character(code: number): string {
  return code <= 0x10_ffff ? String.fromCodePoint(code) : '';
}

/** Numeric and the common named character references, replaced. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z]{2,8}));?/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) {
        return ENTITIES[name] ?? whole;
      }
      return character(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal));
    },
  );
}

/** The text without tags and comments; an unclosed one ends it, as browsers drop the rest as well. */
export function stripTags(text: string): string {
  const kept: string[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('<', at);
    if (open < 0) {
      kept.push(text.slice(at));
      break;
    }
    kept.push(text.slice(at, open));
    const isComment = text.startsWith('<!--', open);
    const close = isComment ? text.indexOf('-->', open + 4) : text.indexOf('>', open);
    if (close < 0) {
      break;
    }
    at = close + (isComment ? 3 : 1);
  }
  return kept.join('');
}

/** `%41`, `\x41`, `\u0041`, `%u0041` replaced; the result is bytes where all of it was bytes. */
export function unescapeScript(text: string): string {
  return text.replace(
    /%u([0-9a-fA-F]{4})|\\u([0-9a-fA-F]{4})|\\u\{([0-9a-fA-F]{1,6})\}|%([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})/g,
    (_, ...digits: (string | undefined)[]) => {
      const hex = digits.slice(0, 5).find((value) => value !== undefined) ?? '';
      return character(Number.parseInt(hex, 16));
    },
  );
}

/** Places where two string literals are added: JavaScript, PowerShell and C (`+`), Visual Basic (`&`), PHP (`.`). */
const ADDED = /(["'`])\s{0,64}(?:[+&.]\s{0,64}(?:_\s{0,64})?)(["'`])/g;
/** The same, and elements of an array of strings. */
const LISTED = /(["'`])\s{0,64}[+&.,]\s{0,64}(?:_\s{0,64})?(["'`])/g;

export function joinAddedLiterals(text: string): string {
  return text.replace(ADDED, '');
}

export function joinListedLiterals(text: string): string {
  return text.replace(LISTED, '');
}

/** Continuation lines of calendars and address cards joined (RFC 5545 3.1, RFC 6350 3.2). */
export function unfold(text: string): string {
  return text.replace(/\r?\n[ \t]/g, '');
}
