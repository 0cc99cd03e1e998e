import zlib from 'node:zlib';
import { u8 } from './byte-view.ts';
import { inflateTolerantly, type Inflated } from './tolerant-inflate.ts';

export type { Inflated, StreamEnd } from './tolerant-inflate.ts';

/** What the sync functions of node:zlib return with `info: true`; the type declarations leave it out. */
interface WithInfo {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function hasInfo(value: unknown): value is WithInfo {
  return typeof value === 'object' && value !== null && 'engine' in value;
}

interface DecoderOptions {
  readonly info: boolean;
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

type SyncDecoder = (input: Uint8Array, options: DecoderOptions) => Buffer;

/** Room for an output chunk of node:zlib, bytes: the default of 16 KiB is slow for big streams. */
const BIG_INPUT = 32 * 1024;
const BIG_CHUNK = 256 * 1024;
const SMALL_CHUNK = 16 * 1024;
/** What zlib takes at least. */
const MIN_CHUNK = 64;
/** A stated size is believed up to so many times the input: data that people send shrinks less. */
const BELIEVED_RATIO = 20;

/** Room for the whole output where somebody says how much that is: several chunks would have to be joined. */
function chunkFor(input: Uint8Array, cap: number, stated: number | undefined): number {
  if (stated === undefined || stated > Math.min(cap, input.length * BELIEVED_RATIO)) {
    return input.length > BIG_INPUT ? BIG_CHUNK : SMALL_CHUNK;
  }
  return Math.max(MIN_CHUNK, stated + 1); // a full chunk would be followed by an empty one
}

/** The whole stream, or undefined when zlib refused any of it. `stated`: see `inflateRaw`. */
function whole(decode: SyncDecoder, input: Uint8Array, cap: number, stated?: number): Inflated | undefined {
  if (cap < 1) {
    return undefined;
  }
  try {
    const chunkSize = chunkFor(input, cap, stated);
    const result: unknown = decode(input, { info: true, maxOutputLength: cap, chunkSize });
    if (!hasInfo(result)) {
      return undefined;
    }
    return { bytes: result.buffer, consumed: result.engine.bytesWritten, end: 'complete' };
  } catch {
    return undefined; // damaged, cut or over the cap: the caller reads it again, tolerantly
  }
}

/** Enough of a stream to see that it is none. */
const PROBE_BYTES = 256;
const PROBE_OUTPUT = 1024;
/** Of a brotli stream, whose first block begins with its tables. */
const BROTLI_PROBE_BYTES = 512;

/** Might `input` be a whole raw deflate stream? Most data break in their first bytes, without the memory of zlib. */
export function mayBeDeflate(input: Uint8Array): boolean {
  const { end } = inflateTolerantly(input.subarray(0, PROBE_BYTES), PROBE_OUTPUT);
  return end === 'truncated' ? input.length > PROBE_BYTES : end !== 'broken';
}

/**
 * A raw deflate stream at the start of `input`; what follows it is left alone. `stated`: how long its output is said
 * to be, if anybody says so; only a guess at the memory it takes.
 */
export function inflateRaw(input: Uint8Array, cap: number, stated?: number): Inflated {
  // zlib allocates in big steps for a big input: a guess that fails in its first bytes must not cost that.
  const probe =
    input.length > BIG_INPUT ? inflateTolerantly(input.subarray(0, PROBE_BYTES), 1024) : undefined;
  if (probe?.end === 'broken') {
    return probe;
  }
  return whole(zlib.inflateRawSync, input, cap, stated) ?? inflateTolerantly(input, cap);
}

/** RFC 1950 header: method 8, a multiple of 31, no preset dictionary. */
export function isZlibHeader(bytes: Uint8Array, at = 0): boolean {
  const first = u8(bytes, at);
  const second = u8(bytes, at + 1);
  return (
    (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | second) % 31 === 0 && (second & 0x20) === 0
  );
}

/** A zlib stream; header and checksum are not insisted on. */
export function inflateZlib(input: Uint8Array, cap: number): Inflated {
  const skip = isZlibHeader(input) ? 2 : 0;
  const { bytes, consumed, end } = inflateRaw(input.subarray(skip), cap);
  const trailer = end === 'complete' && skip > 0 ? 4 : 0;
  return { bytes, consumed: Math.min(input.length, consumed + skip + trailer), end };
}

/**
 * A zlib stream that is whole, with its checksum, and otherwise undefined: what only may be one is not read any further.
 * One above the cap is given as far as that.
 */
export function inflateSure(input: Uint8Array, cap: number): Inflated | undefined {
  const stream = exact(zlib.inflateSync, input, cap);
  return stream === 'above-cap' ? inflateZlib(input, cap) : stream;
}

/** The whole stream; undefined when any of it is refused. */
function exact(decode: SyncDecoder, input: Uint8Array, cap: number): Inflated | 'above-cap' | undefined {
  try {
    const result: unknown = decode(input, { info: true, maxOutputLength: cap, chunkSize: BIG_CHUNK });
    return hasInfo(result)
      ? { bytes: result.buffer, consumed: result.engine.bytesWritten, end: 'complete' }
      : undefined;
  } catch (error) {
    return isAboveCap(error) ? 'above-cap' : undefined;
  }
}

function isAboveCap(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}

/** Bytes fed at a time when a stream is known to be bad: what the failing slice gave is lost. */
const PARTIAL_SLICE = 256;

function partial(
  stream: zlib.BrotliDecompress | zlib.ZstdDecompress,
  input: Uint8Array,
  cap: number,
): Promise<Inflated> {
  const { promise, resolve } = Promise.withResolvers<Inflated>();
  const chunks: Buffer[] = [];
  let length = 0;
  const finish = (end: Inflated['end']): void => {
    stream.destroy();
    resolve({ bytes: Buffer.concat(chunks).subarray(0, cap), consumed: input.length, end });
  };
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > cap) {
      finish('capped');
    }
  });
  stream.on('error', (error: Error & { code?: string }) => {
    finish(error.code === 'Z_BUF_ERROR' ? 'truncated' : 'broken');
  });
  stream.on('end', () => finish('complete'));
  for (let at = 0; at < input.length; at += PARTIAL_SLICE) {
    stream.write(input.subarray(at, at + PARTIAL_SLICE));
  }
  stream.end();
  return promise;
}

/** One zstd frame (RFC 8878). */
export async function decompressZstd(input: Uint8Array, cap: number): Promise<Inflated> {
  return whole(zlib.zstdDecompressSync, input, cap) ?? partial(zlib.createZstdDecompress(), input, cap);
}

/** One brotli stream (RFC 7932). It has no magic: ask only where something names it. */
export async function decompressBrotli(input: Uint8Array, cap: number): Promise<Inflated> {
  return whole(zlib.brotliDecompressSync, input, cap) ?? partial(zlib.createBrotliDecompress(), input, cap);
}

/** Might `input` be a brotli stream? The first blocks of fifteen in sixteen other data are none. */
export function mayBeBrotli(input: Uint8Array): boolean {
  const finishFlush = zlib.constants.BROTLI_OPERATION_FLUSH;
  const options = { finishFlush, maxOutputLength: PROBE_OUTPUT, chunkSize: PROBE_OUTPUT };
  try {
    return zlib.brotliDecompressSync(input.subarray(0, BROTLI_PROBE_BYTES), options).length > 0;
  } catch (error) {
    return isAboveCap(error);
  }
}

/** A brotli stream that is whole, and otherwise undefined; of one above the cap nothing is given. */
export function brotliSure(input: Uint8Array, cap: number): Inflated | undefined {
  const stream = exact(zlib.brotliDecompressSync, input, cap);
  return stream === 'above-cap' ? { bytes: Buffer.alloc(0), consumed: input.length, end: 'capped' } : stream;
}
