import { ByteCuts } from './byte-cuts.ts';

/** What scripts do to a text before they decode it. Each takes linear time. */

/** Separators that are tried on one text; a script that removes more of them hides nothing by the first ones. */
const MAX_SEPARATORS = 4;
/** Text looked at for the calls that remove separators or change numbers, bytes. */
const MAX_LOOK_BYTES = 1024 * 1024;

/** `x.replace(/y/g, '')`, `x.split('y').join('')`, `Replace(x, "y", "")`, `x -replace 'y', ''`. */
const REMOVAL =
  /(?:replace(?:all)?\s{0,4}\(\s{0,4}(?:[\w.]{1,40}\s{0,4},\s{0,4})?|-[ci]?replace\s{0,4}|split\s{0,4}\(\s{0,4})(?:\/(?<pattern>(?:\\.|[^\\/\r\n]){1,24})\/[a-z]{0,4}|(?<quote>["'`])(?<text>[^"'`\r\n]{1,24})\k<quote>)\s{0,4}(?:,\s{0,4}(?<empty>["'`])\k<empty>|\)\s{0,4}\.\s{0,4}join\s{0,4}\(\s{0,4}(?<glue>["'`])\k<glue>)/gi;

function withoutEscapes(pattern: string): string {
  return pattern.replaceAll(/\\(\W)/g, '$1');
}

/** What a regular expression removes, when that is one text or one of a few characters. */
function separatorsOf(pattern: string): string[] {
  const set = /^\[((?:\\\W|[^\\^\]-]){1,12})\][+*]?$/.exec(pattern)?.[1];
  if (set !== undefined) {
    return Array.from(withoutEscapes(set));
  }
  const single = /^(?:\\\W|[^\\[\](){}.*+?^$|])+$/.test(pattern.replace(/(?<=.)\+$/, ''));
  return single ? [withoutEscapes(pattern.replace(/(?<=[^\\])\+$/, ''))] : [];
}

function separatorSets(bytes: Buffer): string[][] {
  const sets = new Map<string, string[]>();
  for (const { groups } of bytes.toString('latin1', 0, MAX_LOOK_BYTES).matchAll(REMOVAL)) {
    const set =
      groups?.['pattern'] === undefined ? [groups?.['text'] ?? ''] : separatorsOf(groups['pattern']);
    const telling = set.filter((separator) => separator.trim() !== '');
    if (telling.length > 0 && sets.size < MAX_SEPARATORS) {
      sets.set(telling.join('\n'), telling);
    }
  }
  return [...sets.values()];
}

function without(bytes: Buffer, separator: Buffer): Buffer {
  const cuts = new ByteCuts(bytes);
  for (let at = bytes.indexOf(separator); at >= 0; at = bytes.indexOf(separator, at + separator.length)) {
    cuts.cut(at, at + separator.length);
  }
  return cuts.rest() ?? bytes;
}

/** The text without each of the separators that it removes itself when it runs. */
export function withoutSeparators(bytes: Buffer): Buffer[] {
  return separatorSets(bytes).map((set) =>
    set.reduce((text, separator) => without(text, Buffer.from(separator, 'latin1')), bytes),
  );
}

const QUOTES: ReadonlySet<number> = new Set(Buffer.from('"\'`'));
const ENCODED = Uint8Array.from({ length: 256 }, (_, code) =>
  /[A-Za-z0-9+/=_-]/.test(String.fromCharCode(code)) ? 1 : 0,
);
/** Longest literal of other text that is passed over as a whole, bytes. */
const MAX_OTHER = 4096;
const LF = 0x0a;
const BLANK = 0x20;

/** Behind the literal of other text that the quote at `quote` opens; behind the quote when no quote of its line ends it. */
function behindOther(bytes: Buffer, quote: number, from: number): number {
  const end = Math.min(bytes.length, quote + MAX_OTHER);
  for (let at = from; at < end && bytes[at] !== LF; at += 1) {
    if (bytes[at] === bytes[quote]) {
      return at + 1;
    }
  }
  return quote + 1;
}

/**
 * All string literals of nothing but encoded characters, one behind the other: variables that are added later, calls
 * of `concat`, pieces that are appended line by line. A blank stands for other literals.
 */
export function assembleLiterals(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    if (!QUOTES.has(bytes[at] ?? 0)) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (ENCODED[bytes[end] ?? 0] === 1) {
      end += 1;
    }
    if (bytes[end] === bytes[at]) {
      length += bytes.copy(out, length, at + 1, end);
      at = end + 1;
    } else {
      out[length] = BLANK;
      length += 1;
      at = behindOther(bytes, at, end);
    }
  }
  return out.subarray(0, length);
}

/** How a script changes each number before it makes a character of it. */
interface Change {
  readonly sign: string;
  readonly key: number;
}

/** Changes that are tried on one array. */
const MAX_CHANGES = 4;
const CHANGE =
  /[\w\])]\s{0,4}(\^|-bxor|\bxor|[+-])\s{0,4}(?:\(\s{0,4})?(0x[\da-f]{1,2}|&h[\da-f]{1,2}|\d{1,3})(?![\w.,])/gi;

function changesIn(bytes: Buffer): Change[] {
  const changes = new Map<string, Change>();
  for (const [, sign = '', digits = ''] of bytes.toString('latin1', 0, MAX_LOOK_BYTES).matchAll(CHANGE)) {
    const key = Number(digits.replace(/^&h/i, '0x'));
    // Adding one is what loops do.
    const isTelling = key > 1 && key < 256;
    const kind = /[+-]$/.test(sign) ? sign : '^';
    if (isTelling && changes.size < MAX_CHANGES) {
      changes.set(`${kind}${key}`, { sign: kind, key });
    }
  }
  return [...changes.values()];
}

function changed(codes: Buffer, { sign, key }: Change): Buffer {
  const out = Buffer.allocUnsafe(codes.length);
  for (const [at, code] of codes.entries()) {
    out[at] = sign === '^' ? code ^ key : sign === '+' ? code + key : code - key;
  }
  return out;
}

/** Arrays of numbers as the script changes them; `text` is the script. */
export function changedCodes(text: Buffer, arrays: readonly Buffer[]): Buffer[] {
  const changes = arrays.length === 0 ? [] : changesIn(text);
  return changes.flatMap((change) => arrays.map((codes) => changed(codes, change)));
}

const ESCAPED_LETTER = /[a-z]([\^`])[a-z]/i;

/** A command line without the signs that shells drop before a letter: `^` in cmd, the grave in PowerShell. */
export function withoutShellEscapes(bytes: Buffer): Buffer[] {
  const sign = ESCAPED_LETTER.exec(bytes.toString('latin1', 0, MAX_LOOK_BYTES))?.[1];
  return sign === undefined ? [] : [without(bytes, Buffer.from(sign))];
}
