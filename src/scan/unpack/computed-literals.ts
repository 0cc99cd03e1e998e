import { Literals } from './literals.ts';
import { MIN_RUN } from './encoded-length.ts';
import { replaceEach } from './replace-each.ts';

/**
 * What scripts write for a text of their own: characters by their numbers, by their places in another text, and what a
 * format makes of its arguments. Each is written back as a literal, so that the other readings put them together.
 */

/** Texts by their names, of one script. */
const MAX_NAMES = 1000;
/** Fewer uses of texts hide nothing. */
const MIN_USES = 2;
/** `a = "…"`, `$a='…'`, `set a=…`. */
const GIVEN =
  /(?<![\w$.])(?:set[ \t]{1,8}"?)?\$?([A-Za-z_]\w{0,63})\s{0,4}=\s{0,4}(?:(["'`])([^"'`\r\n]{2,1024})\2|(?<=set[ \t]{1,8}"?\w{1,64}=)([^\r\n"]{2,8192}))/gi;
/** `a = ["…", "…"]`, `Array("…", "…")`, `@('…', '…')`. */
const LISTED =
  /\$?([A-Za-z_]\w{0,63})\s{0,4}=\s{0,4}(?:@?\(|\[|array\()\s{0,8}((?:(?:"[^"\r\n]{0,256}"|'[^'\r\n]{0,256}')(?:\s{0,8},)?\s{0,8}){2,256})[\])]/gi;
const LITERAL = /"([^"\r\n]*)"|'([^'\r\n]*)'/g;

const NUMBER = String.raw`(?:0x[\da-f]{1,4}|&h[\da-f]{1,4}|\d{1,5})`;
const WHITE = String.raw`[ \t]{0,4}`;
/** `Chr(84)`, `ChrW(&H54)`, `Chr(CLng("&H54"))`, `Chr(90-6)`, `[char]84`, `String.fromCharCode(84)`. */
const CHARACTER = new RegExp(
  String.raw`(?:\[string\]${WHITE})?(?:\bchr[wb]?\$?${WHITE}\(|\[char\]${WHITE}\(?|\[convert\]::tochar${WHITE}\(|fromcharcode${WHITE}\()${WHITE}` +
    String.raw`(?:c(?:lng|int|byte)${WHITE}\(${WHITE})?"?(${NUMBER})"?\)?(?:${WHITE}([-+*/^]|xor|-bxor)${WHITE}(${NUMBER}))?(?:${WHITE}\))?`,
  'gi',
);
/** A character that was computed inside of a text in double quotes: `"$([char]84)…"`. */
const INSERTED = /\$\(\s?"([^"])"\s?\)?/g;
/** `Mid(a, 3, 1)`, `Mid("abc", 2)`, `Left("abc", 2)`. */
const MIDDLE =
  /\b(mid|left|right)\$?\(\s{0,4}(?:(\w{1,64})|"([^"\r\n]{1,1024})")\s{0,4},\s{0,4}(\d{1,5})(?:\s{0,4},\s{0,4}(\d{1,5}))?\s{0,4}\)/gi;
/** `a.charAt(3)`, `a.substr(3, 2)`, `a.substring(3, 5)`, `a.slice(3, 5)`. */
const METHOD =
  /\$?(\w{1,64})\.(charat|substr|substring|slice)\(\s{0,4}(\d{1,5})\s{0,4}(?:,\s{0,4}(\d{1,5})\s{0,4})?\)/gi;
/** `a[3]`, `$a[3, 1, 4]`, `'xyz'[1, 2]`. */
const INDEXED =
  /(?:\$?([A-Za-z_]\w{0,63})|(["'])([^"'\r\n]{2,1024})\2)\[((?:0x)?[\da-f]{1,5}(?:\s?,\s?\d{1,5}){0,4096})\]/gi;
/** `%a:~3,1%`, `%a:~3%`, `!a:~-4,2!`. */
const CUT = /([%!])(\w{1,64}):~(-?\d{1,4})(?:,(-?\d{1,4}))?\1/g;
/** `'{1}{0}' -f 'b','a'`. */
const TEXT = String.raw`(?:"[^"\r\n]{0,1024}"|'[^'\r\n]{0,1024}')`;
const ITEM = String.raw`(?:\(${WHITE}${TEXT}${WHITE}\)|${TEXT})(?!${WHITE}-f)`;
const FORMAT = new RegExp(
  String.raw`(["'])([^"'\r\n]{1,1024})\1\)?\s{0,8}-f\s{0,8}\(?${WHITE}(${ITEM}(?:${WHITE},${WHITE}${ITEM}){0,255})${WHITE}\)?`,
  'gi',
);
/** `CONCATENATE("a","b")` of a workbook. */
const CONCATENATED =
  /\bconcat(?:enate)?\(\s{0,4}("[^"\r\n]{0,1024}"(?:\s{0,4}[,;]\s{0,4}"[^"\r\n]{0,1024}"){1,255})\s{0,4}\)/gi;
/** Formats among the arguments of formats. */
const MAX_FORMATS_DEEP = 3;

function valueOf(digits: string | undefined): number {
  return Number((digits ?? '').replace(/^&h/i, '0x'));
}

function calculated(first: number, sign: string | undefined, second: number): number {
  switch (sign?.toLowerCase()) {
    case undefined:
      return first;
    case '+':
      return first + second;
    case '-':
      return first - second;
    case '*':
      return first * second;
    case '/':
      return first / second;
    default:
      return first ^ second;
  }
}

/** A character as a literal; the text that says so where it is none of one byte. */
function literalOf(code: number, whole: string): string {
  const isPlain = Number.isInteger(code) && code >= 0x20 && code < 0x100 && code !== 0x22;
  return isPlain ? `"${String.fromCharCode(code)}"` : whole;
}

function quoted(text: string): string {
  return `"${text}"`;
}

function literalsIn(list: string): string[] {
  return Array.from(list.matchAll(LITERAL), ([, first, second]) => first ?? second ?? '');
}

function withFormats(text: string): string {
  let other = text;
  for (let round = 0; round < MAX_FORMATS_DEEP; round += 1) {
    const next = replaceEach(other, FORMAT, (_whole, _quote, format: string, list: string) => {
      const values = literalsIn(list);
      return quoted(format.replace(/\{(\d{1,3})\}/g, (_, place: string) => values[Number(place)] ?? ''));
    });
    if (next === other) {
      break;
    }
    other = next;
  }
  return other;
}

/** A script with the characters in their places that it takes from texts of its own. */
class Lookups {
  uses = 0;
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, string[]>();

  constructor(text: string) {
    for (const [, name = '', , literal, value] of text.matchAll(GIVEN)) {
      if (this.#texts.size < MAX_NAMES) {
        this.#texts.set(name.toLowerCase(), literal ?? value ?? '');
      }
    }
    for (const [, name = '', list = ''] of text.matchAll(LISTED)) {
      if (this.#lists.size < MAX_NAMES) {
        this.#lists.set(name.toLowerCase(), literalsIn(list));
      }
    }
  }

  withCuts(text: string): string {
    return replaceEach(text, CUT, (whole, _sign, name: string, from: string, length?: string) =>
      this.#cut(name, Number(from), length === undefined ? undefined : Number(length), whole),
    );
  }

  withParts(text: string): string {
    const sided = replaceEach(text, MIDDLE, (whole, ...groups: (string | undefined)[]) => {
      const [kind = '', name = '', literal, place, length] = groups;
      const from = literal ?? this.#texts.get(name.toLowerCase());
      this.uses += literal === undefined ? 0 : MIN_USES - 1;
      return from === undefined ? whole : this.#side(kind.toLowerCase(), from, Number(place), length);
    });
    return replaceEach(sided, METHOD, (whole, name: string, method: string, from: string, second?: string) =>
      this.#part(name, Number(from), this.#endOf(method.toLowerCase(), Number(from), second), whole),
    );
  }

  withElements(text: string): string {
    return replaceEach(
      text,
      INDEXED,
      (whole, name?: string, _quote?: string, literal?: string, list?: string) =>
        this.#picked(name, literal, (list ?? '').split(','), whole),
    );
  }

  #side(kind: string, text: string, place: number, length: string | undefined): string {
    this.uses += 1;
    if (kind === 'mid') {
      const end = length === undefined ? undefined : place - 1 + Number(length);
      return quoted(text.slice(Math.max(0, place - 1), end));
    }
    return quoted(kind === 'left' ? text.slice(0, place) : text.slice(Math.max(0, text.length - place)));
  }

  #endOf(method: string, from: number, second: string | undefined): number {
    if (method === 'charat') {
      return from + 1;
    }
    return second === undefined ? Infinity : method === 'substr' ? from + Number(second) : Number(second);
  }

  #part(name: string, from: number, end: number, whole: string): string {
    const text = this.#texts.get(name.toLowerCase());
    this.uses += text === undefined ? 0 : 1;
    return text === undefined ? whole : quoted(text.slice(from, end));
  }

  /** A negative place counts from the end, as a negative length does. */
  #cut(name: string, from: number, length: number | undefined, whole: string): string {
    const text = this.#texts.get(name.toLowerCase());
    if (text === undefined) {
      return whole;
    }
    this.uses += 1;
    const start = from < 0 ? Math.max(0, text.length + from) : from;
    const end = length === undefined ? text.length : length < 0 ? text.length + length : start + length;
    return text.slice(start, end);
  }

  #picked(
    name: string | undefined,
    literal: string | undefined,
    places: readonly string[],
    whole: string,
  ): string {
    const key = (name ?? '').toLowerCase();
    const from = literal ?? this.#texts.get(key) ?? this.#lists.get(key);
    if (from === undefined || (literal !== undefined && places.length < MIN_USES)) {
      return whole;
    }
    this.uses += 1;
    return quoted(places.map((place) => from[Number(place)] ?? '').join(''));
  }
}

const CLOSING = 0x5d;
const PLUS = 0x2b;
const BLANK = 0x20;
const DOT = 0x2e;
/** Behind the bracket that closes the place of an element. */
const JOINING = /^(?: ?\+| ?\. ?\$| -join)/;
const MAX_JOINING = 6;
const JOINED =
  /[\w$"']\[(?:0x)?[\da-f]{1,5}(?:\]\s?(?:\+\s?[\w$]{1,32}|\.\s?\$\w{1,32})\[(?:0x)?\d|\s?,[\d,\s]{1,4096}\]\s?-join)/i;

const HAS_CUTS = /[%!]\w{1,64}:~-?\d/;
const HAS_PARTS = /\b(?:mid|left|right)\$?\s?\(|\.(?:charat|substr|substring|slice)\(\s{0,4}\d/i;

/** Programs name few texts by their places: what is dear is done where a script does that. */
function lookedUp(text: string): string {
  const [hasCuts, hasParts, hasElements] = [HAS_CUTS, HAS_PARTS, JOINED].map((sign) => sign.test(text));
  if (hasCuts !== true && hasParts !== true && hasElements !== true) {
    return text;
  }
  const lookups = new Lookups(text);
  const cut = hasCuts === true ? lookups.withCuts(text) : text;
  const parted = hasParts === true ? lookups.withParts(cut) : cut;
  const other = hasElements === true ? lookups.withElements(parted) : parted;
  return lookups.uses >= MIN_USES || hasElements === true ? other : text;
}

/** The script with literals for what it computes; nothing when it computes nothing. */
export function withComputedLiterals(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const other = replaceEach(
    lookedUp(text),
    CHARACTER,
    (whole, first: string, sign?: string, second?: string) =>
      literalOf(calculated(valueOf(first), sign, valueOf(second)), whole),
  );
  const joined = other.replace(INSERTED, '$1');
  const formatted = joined.includes('{0}') ? withFormats(joined) : joined;
  const whole = replaceEach(formatted, CONCATENATED, (_, list: string) => quoted(literalsIn(list).join('')));
  if (whole === text) {
    return [];
  }
  const view = Buffer.from(whole, 'latin1');
  return [new Literals(view, MIN_RUN).added() ?? view];
}

/** Words of scripts that compute characters. */
export const COMPUTING_MARKS: readonly string[] = [
  ...'chr(|chrw(|chrb(|tochar(|chr$(|[char]|mid(|mid$(|left("|right("|.charat(|.substr(|.substring(|concat(|concatenate(|\'-f|"-f|\' -f|" -f'.split(
    '|',
  ),
  ...Array.from('-0123456789', (sign) => `:~${sign}`),
];

/** Whether a script adds elements that it takes from somewhere by their places. */
export function addsElements(bytes: Buffer): boolean {
  return hasJoinedPlaces(bytes) && JOINED.test(bytes.toString('latin1'));
}

/** One search for a byte that few texts have: words are looked for one after the other, each through all of the text. */
function hasJoinedPlaces(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(CLOSING); at >= 0; at = bytes.indexOf(CLOSING, at + 1)) {
    const next = bytes[at + 1];
    const mayJoin = next === PLUS || next === BLANK || next === DOT;
    if (mayJoin && JOINING.test(bytes.toString('latin1', at + 1, at + 1 + MAX_JOINING))) {
      return true;
    }
  }
  return false;
}
