import { inflateRaw, mayBeDeflate } from './decompress.ts';
import { hasKnownStart } from './known-start.ts';

/** Shortest stream that is worth a try, bytes. */
const MIN_BYTES = 16;
/** Scripts and programs shrink to a tenth; a stream that grows more than this is no reason to inflate noise. */
const MAX_RATIO = 32;
const FREE_OUTPUT = 1024;
/** Of so many bytes the end of the stream may be away from the end of the data. */
const MAX_TAIL = 8;
/** The kind of a deflate block that is compressed, in the first byte (RFC 1951 3.2.3). */
const FIXED = 1;
const DYNAMIC = 2;

/**
 * What `bytes` hold as a deflate stream without header, or undefined. Every third byte begins such a stream, but few
 * data are one to their end.
 */
export function bareDeflate(bytes: Buffer): Buffer | undefined {
  const kind = ((bytes[0] ?? 0) >> 1) & 3;
  if (bytes.length < MIN_BYTES || (kind !== FIXED && kind !== DYNAMIC) || hasKnownStart(bytes)) {
    return undefined;
  }
  if (!mayBeDeflate(bytes)) return undefined;
  const inflated = inflateRaw(bytes, bytes.length * MAX_RATIO + FREE_OUTPUT);
  const isWhole = inflated.end === 'complete' && bytes.length - inflated.consumed <= MAX_TAIL;
  return isWhole && inflated.bytes.length > bytes.length / 2 ? inflated.bytes : undefined;
}
