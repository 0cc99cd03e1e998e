/** A script that gives a variable its own value and more again and again: `a = a + "x"`. */

const QUOTE = 1;
const JOINT = 2;
const NAME = 3;
const BLANK = 4;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/["'`]/, QUOTE],
    [/[+&.]/, JOINT],
    [/[\w$]/, NAME],
    [/[ \t]/, BLANK],
  ];
  return kinds.find(([signs]) => signs.test(character))?.[1] ?? 0;
});
const MAX_NAME = 64;
const EQUALS = 0x3d;
const DOT = 0x2e;

/** The place behind what stands before `at`, over one blank. */
function beforeBlank(bytes: Buffer, at: number): number {
  return CLASS[bytes[at - 1] ?? 0] === BLANK ? at - 1 : at;
}

function isNamed(byte: number | undefined): boolean {
  return CLASS[byte ?? 0] === NAME || byte === DOT;
}

/** Where the name that ends at `end` begins; one that is too long is cut. */
function nameStart(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && end - at < MAX_NAME && isNamed(bytes[at - 1])) {
    at -= 1;
  }
  return at;
}

/** Whether the sign before `joint` joins something to a variable that is given the result. */
function isOwnValue(bytes: Buffer, joint: number): boolean {
  const end = beforeBlank(bytes, joint - 1);
  const start = nameStart(bytes, end);
  const sign = beforeBlank(bytes, start);
  if (start === end || bytes[sign - 1] !== EQUALS) {
    return false;
  }
  const givenEnd = beforeBlank(bytes, sign - 1);
  const givenStart = givenEnd - (end - start);
  return (
    givenStart >= 0 &&
    !isNamed(bytes[givenStart - 1]) &&
    bytes.compare(bytes, start, end, givenStart, givenEnd) === 0
  );
}

/** Whether a statement puts a literal behind the value of a variable and keeps that. Takes linear time. */
export function appendsToItself(bytes: Buffer): boolean {
  for (let at = 1; at < bytes.length; at += 1) {
    if (CLASS[bytes[at] ?? 0] === QUOTE) {
      const joint = beforeBlank(bytes, at);
      if (CLASS[bytes[joint - 1] ?? 0] === JOINT && isOwnValue(bytes, joint)) {
        return true;
      }
    }
  }
  return false;
}
