import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { MessageBytes } from '../scan/scanner.ts';

const readAt = promisify(read);

/** A copy of the first bytes, at most `bytes` of them. Rejects when the file cannot be read. */
export async function messageStart(message: MessageBytes, bytes: number): Promise<Buffer> {
  const length = Math.min(bytes, message.byteLength);
  if (message.kind === 'memory') return Buffer.from(new Uint8Array(message.buffer, 0, length));
  const start = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await readAt(message.fd, start, filled, length - filled, filled);
    if (bytesRead === 0) throw new Error('the message ends early');
    filled += bytesRead;
  }
  return start;
}
