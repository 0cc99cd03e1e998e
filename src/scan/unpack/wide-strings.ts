/** Text of two bytes a character among other data, as Word, Excel and PowerPoint before 2007 keep it. */

/** Characters that stand one behind the other; fewer are numbers by accident. */
const MIN_CHARACTERS = 6;
const LF = 0x0a;
/** Printed, or one of the controls that end a line, a cell or a field. */
const IS_TEXT = Uint8Array.from({ length: 256 }, (_, code) =>
  (code >= 0x20 && code < 0x7f) || (code >= 9 && code <= 13) || code === 7 ? 1 : 0,
);

/** Every such string of ASCII characters, one on each line; undefined when there is none. Takes linear time. */
export function wideStrings(bytes: Buffer): Buffer | undefined {
  // the shortest string gives a byte for each of its characters and one for the end of its line
  const out = Buffer.allocUnsafe(Math.ceil((bytes.length * (MIN_CHARACTERS + 1)) / (2 * MIN_CHARACTERS)));
  let length = 0;
  for (let at = 1; at < bytes.length; at += 1) {
    if (bytes[at] !== 0 || IS_TEXT[bytes[at - 1] ?? 0] !== 1) {
      continue;
    }
    const start = at - 1;
    let end = start;
    while (end + 1 < bytes.length && bytes[end + 1] === 0 && IS_TEXT[bytes[end] ?? 0] === 1) {
      end += 2;
    }
    if (end - start >= 2 * MIN_CHARACTERS) {
      for (let place = start; place < end; place += 2) {
        out[length] = bytes[place] ?? 0;
        length += 1;
      }
      out[length] = LF;
      length += 1;
    }
    at = Math.max(at, end - 1);
  }
  return length === 0 ? undefined : out.subarray(0, length);
}
