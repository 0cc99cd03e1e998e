import { PART_BYTES, PlaceSieve, thirdTest, ThirdTable } from '../place-sieve.ts';

/** A script that gives a variable its own value and more again and again: `a = a + "x"`, `a="${a}x"`. */

const QUOTE = 1;
const JOINT = 2;
const NAME = 3;
const BLANK = 4;
const LINE_END = 5;
const DOLLAR = 6;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/["'`]/, QUOTE],
    [/[+&.]/, JOINT],
    [/\w/, NAME],
    [/[ \t]/, BLANK],
    [/[\r\n]/, LINE_END],
    [/\$/, DOLLAR],
  ];
  return kinds.find(([signs]) => signs.test(character))?.[1] ?? 0;
});
const MAX_NAME = 64;
/** Blanks and the mark of Basic between a joint and a literal in the next line. */
const MAX_CONTINUATION = 32;
const EQUALS = 0x3d;
const DOT = 0x2e;
const UNDERSCORE = 0x5f;
const OPEN_BRACE = 0x7b;

function classAt(bytes: Buffer, at: number): number {
  return CLASS[bytes[at] ?? 0] ?? 0;
}

/** The place behind what stands before `at`, over one blank. */
function beforeBlank(bytes: Buffer, at: number): number {
  return classAt(bytes, at - 1) === BLANK ? at - 1 : at;
}

/** The place behind the joint before a literal, over the end of a line. */
function beforeContinuation(bytes: Buffer, quote: number): number {
  let at = quote;
  for (let kind = classAt(bytes, at - 1); kind === BLANK || kind === LINE_END; at -= 1) {
    if (quote - at > MAX_CONTINUATION) {
      return quote;
    }
    kind = classAt(bytes, at - 2);
  }
  return bytes[at - 1] === UNDERSCORE && at < quote ? beforeBlank(bytes, at - 1) : at;
}

function isNamed(bytes: Buffer, at: number): boolean {
  const kind = classAt(bytes, at);
  return kind === NAME || kind === DOLLAR || bytes[at] === DOT;
}

/** Where the name that ends at `end` begins; one that is too long is cut. */
function nameStart(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && end - at < MAX_NAME && isNamed(bytes, at - 1)) {
    at -= 1;
  }
  return at;
}

function nameEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (at - start < MAX_NAME && classAt(bytes, at) === NAME) {
    at += 1;
  }
  return at;
}

/** Whether the name in `[start, end)` stands before the sign of equality that ends at `sign`. */
function isGivenTo(bytes: Buffer, sign: number, start: number, end: number): boolean {
  if (start >= end || bytes[sign - 1] !== EQUALS) {
    return false;
  }
  const givenEnd = beforeBlank(bytes, sign - 1);
  const givenStart = givenEnd - (end - start);
  const before = classAt(bytes, givenStart - 1);
  const isWhole = givenStart >= 0 && (before === DOLLAR || !isNamed(bytes, givenStart - 1));
  return isWhole && bytes.compare(bytes, start, end, givenStart, givenEnd) === 0;
}

/** `a = a + "`, where the quote is at `quote`. */
function joinsToOwn(bytes: Buffer, quote: number): boolean {
  const joint = beforeContinuation(bytes, quote);
  if (classAt(bytes, joint - 1) !== JOINT) {
    return false;
  }
  const end = beforeBlank(bytes, joint - 1);
  const start = nameStart(bytes, end);
  return isGivenTo(bytes, beforeBlank(bytes, start), start, end);
}

/** `a="$a`, `a=$a` and with braces around the name or the dollar, which is at `dollar`. */
function namesOwn(bytes: Buffer, dollar: number): boolean {
  const start = bytes[dollar + 1] === OPEN_BRACE ? dollar + 2 : dollar + 1;
  const first = bytes[dollar - 1] === OPEN_BRACE ? dollar - 1 : dollar;
  const sign = classAt(bytes, first - 1) === QUOTE ? first - 1 : first;
  return isGivenTo(bytes, beforeBlank(bytes, sign), start, nameEnd(bytes, start));
}

/** Where the literal behind the joint at `joint` may begin: over blanks, ends of lines and the mark of Basic. */
function literalBehind(bytes: Buffer, joint: number): number {
  const first = joint + 1;
  const mark = classAt(bytes, first) === BLANK ? first + 1 : first;
  let at = bytes[mark] === UNDERSCORE ? mark + 1 : first;
  const end = at + MAX_CONTINUATION + 1;
  for (let kind = classAt(bytes, at); at < end && (kind === BLANK || kind === LINE_END); at += 1) {
    kind = classAt(bytes, at + 1);
  }
  return at;
}

function standsAt(bytes: Buffer, at: number): boolean {
  const kind = classAt(bytes, at);
  if (kind === JOINT) {
    const quote = literalBehind(bytes, at);
    return classAt(bytes, quote) === QUOTE && joinsToOwn(bytes, quote);
  }
  return kind === DOLLAR && namesOwn(bytes, at);
}

/** The pairs of bytes with which a joint that a literal may follow begins, and those with a dollar. */
function places(): ThirdTable {
  const [joints, dollars] = [codesOf(JOINT), codesOf(DOLLAR)];
  const followers = [...codesOf(QUOTE), ...codesOf(BLANK), ...codesOf(LINE_END), UNDERSCORE];
  const table = new ThirdTable();
  for (const joint of joints) {
    table.addEither(joint, followers);
  }
  for (const dollar of dollars) {
    table.addEither(dollar);
  }
  return table;
}

function codesOf(kind: number): number[] {
  return [...CLASS.keys()].filter((code) => CLASS[code] === kind);
}

/** Looks for such scripts: signs that may be of one are one of a hundred in prose and in encoded data. */
export class SelfAppending {
  /** Made for the first text: others than scans of mail may never have one. */
  #sieve: PlaceSieve | undefined;

  /** Whether a statement puts more behind the value of a variable and keeps that. Takes linear time. */
  isIn(bytes: Buffer): boolean {
    const sieve = (this.#sieve ??= new PlaceSieve({ table: places().bytes, apart: 2, code: thirdTest }));
    for (let from = 0; from < bytes.length; from += PART_BYTES) {
      const count = sieve.collect(bytes, from);
      for (let index = 0; index < count; index += 1) {
        const at = from + (sieve.places[index] ?? 0);
        if (standsAt(bytes, at) || standsAt(bytes, at + 1)) {
          return true;
        }
      }
    }
    return false;
  }
}
