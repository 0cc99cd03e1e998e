import type { Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';

/**
 * TLS reads into a buffer of 1 KiB when what it is given first is smaller than that, for as long as the client sends
 * no more at once; else of 16 or 64 KiB for each connection.
 */
const PIECE_BYTES = 1_000;

/** The server's side of TLS over `plain`, whose client has begun its hello. */
export function serverSocket(plain: Socket, options: TLSSocketOptions): TLSSocket {
  const hello: unknown = plain.read();
  // In the next tick it takes what is here: from a flowing socket piece by piece, from a paused one all at once.
  process.nextTick(() => {
    if (hello instanceof Uint8Array) putBack(plain, hello);
    plain.resume();
  });
  return new TLSSocket(plain, { ...options, isServer: true });
}

function putBack(socket: Socket, bytes: Uint8Array): void {
  const last = Math.floor((bytes.length - 1) / PIECE_BYTES) * PIECE_BYTES;
  for (let start = last; start >= 0; start -= PIECE_BYTES) {
    socket.unshift(bytes.subarray(start, start + PIECE_BYTES));
  }
}
