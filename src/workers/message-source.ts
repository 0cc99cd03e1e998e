import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { ContentKey } from '../scan/content-key.ts';
import type { MessageBytes } from '../scan/scanner.ts';
import type { NamedContent } from './scan-job.ts';

/** Read step for hashing a file that is not held whole; large enough that the call does not matter. */
const CHUNK_BYTES = 1024 * 1024;

/** Fills `target` from `position`, with positional reads only: the descriptor is shared with other threads. */
function readFully(fd: number, target: Uint8Array, position: number): void {
  let filled = 0;
  while (filled < target.byteLength) {
    const count = readSync(fd, target, filled, target.byteLength - filled, position + filled);
    if (count === 0) {
      throw new Error('the spool file is shorter than its message');
    }
    filled += count;
  }
}

/**
 * The first `maxBytes` of a message: a view of shared memory, or one exact read of its file. Throws when the
 * file cannot be read.
 */
export function readMessage(message: MessageBytes, maxBytes = message.byteLength): Uint8Array {
  const length = Math.min(message.byteLength, maxBytes);
  if (message.kind === 'memory') {
    return new Uint8Array(message.buffer, 0, length);
  }
  const bytes = new Uint8Array(length);
  readFully(message.fd, bytes, 0);
  return bytes;
}

/** SHA-256 of a whole message in lower-case hex, holding one chunk of a file at a time. */
export function digestMessage(message: MessageBytes): string {
  const hash = createHash('sha256');
  if (message.kind === 'memory') {
    return hash.update(readMessage(message)).digest('hex');
  }
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, message.byteLength));
  for (let position = 0; position < message.byteLength; position += chunk.byteLength) {
    const part = chunk.subarray(0, Math.min(chunk.byteLength, message.byteLength - position));
    readFully(message.fd, part, position);
    hash.update(part);
  }
  return hash.digest('hex');
}

/**
 * What tells the content apart within this process. The keys of one thread are not those of another, for what is not
 * hashed. Throws when the file cannot be read.
 */
export function nameContent(message: MessageBytes): NamedContent {
  if (message.kind === 'memory') {
    const { key, knownSha256: sha256 } = ContentKey.of(readMessage(message));
    return { key, sha256 };
  }
  const sha256 = digestMessage(message);
  return { key: sha256, sha256 };
}
