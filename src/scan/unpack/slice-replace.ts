import { latin1 } from './byte-view.ts';

/** Text that is replaced at a time, bytes: the engine keeps each match of one text until all of it is done. */
const SLICE_BYTES = 512 * 1024;
/** Before the end of a slice a blank is looked for, so that what is replaced is not cut there. */
const NEAR_END = 8 * 1024;
const IS_BLANK = Uint8Array.from({ length: 256 }, (_, code) => (code === 0x20 || code === 0x0a ? 1 : 0));

function sliceEnd(bytes: Buffer, start: number): number {
  const end = start + SLICE_BYTES;
  if (end >= bytes.length) {
    return bytes.length;
  }
  for (let at = end; at > end - NEAR_END; at -= 1) {
    if (IS_BLANK[bytes[at] ?? 0] === 1) {
      return at + 1;
    }
  }
  return end;
}

/** The text in slices of bounded length. */
export function* slicesOf(bytes: Buffer): Generator<string, void, void> {
  for (let start = 0; start < bytes.length;) {
    const end = sliceEnd(bytes, start);
    yield latin1(bytes, start, end);
    start = end;
  }
}

/** As `String.replace` on all of a text, in memory of one slice; undefined when nothing changes. */
export function replaceInSlices(bytes: Buffer, replaced: (slice: string) => string): Buffer | undefined {
  const parts: Buffer[] = [];
  let isChanged = false;
  for (const slice of slicesOf(bytes)) {
    const other = replaced(slice);
    isChanged ||= other !== slice;
    parts.push(Buffer.from(other, 'latin1'));
  }
  return isChanged ? Buffer.concat(parts) : undefined;
}
