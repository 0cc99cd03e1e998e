import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { MessageBytes } from '../scan/scanner.ts';

/** Small enough that hashing one chunk does not hold up the event loop, large enough to be cheap. */
export const CHUNK_BYTES = 256 * 1024;

const readAt = promisify(read);

/** Fills `into` from `position`; a positional read may return less than was asked for. */
async function readFully(fd: number, into: Uint8Array, position: number): Promise<void> {
  let filled = 0;
  while (filled < into.byteLength) {
    const { bytesRead } = await readAt(fd, into, filled, into.byteLength - filled, position + filled);
    if (bytesRead === 0) {
      throw new Error(`the message ends ${into.byteLength - filled} bytes early`);
    }
    filled += bytesRead;
  }
}

/** Calls `take` with every chunk in order. A chunk is valid only until `take` has resolved. */
export async function forEachChunk(
  message: MessageBytes,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  const buffer =
    message.kind === 'file' ? Buffer.allocUnsafe(Math.min(CHUNK_BYTES, message.byteLength)) : null;
  for (let at = 0; at < message.byteLength; at += CHUNK_BYTES) {
    const length = Math.min(CHUNK_BYTES, message.byteLength - at);
    if (message.kind === 'memory') {
      await take(new Uint8Array(message.buffer, at, length));
    } else if (buffer !== null) {
      const chunk = buffer.subarray(0, length);
      await readFully(message.fd, chunk, at);
      await take(chunk);
    }
  }
}

/** The first bytes, at most `bytes` of them. */
export async function readStart(message: MessageBytes, bytes: number): Promise<Uint8Array> {
  const length = Math.min(bytes, message.byteLength);
  if (message.kind === 'memory') {
    return new Uint8Array(message.buffer, 0, length).slice();
  }
  const start = Buffer.alloc(length);
  await readFully(message.fd, start, 0);
  return start;
}
