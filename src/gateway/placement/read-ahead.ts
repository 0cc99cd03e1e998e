import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';

/** How a look at the first bytes of a connection ended. */
export type Ahead<T> =
  | { readonly kind: 'decided'; readonly value: T }
  /** Nobody decided in time; the bytes are still there. */
  | { readonly kind: 'silent'; readonly bytes: Uint8Array }
  | { readonly kind: 'closed' };

/** What the reader of first bytes makes of all that is there so far; `consumed` bytes are not read again. */
export type Decide<T> = (bytes: Buffer) => { readonly value: T; readonly consumed: number } | undefined;

/**
 * Looks at the first bytes of a paused socket and puts back what was not consumed, so that a handshake or a
 * session reads them as if nobody had. The socket is paused again afterwards. `decide` must decide before it
 * is given more than it can bear.
 */
export async function readAhead<T>(
  socket: Socket,
  { clock, waitMs }: { readonly clock: Clock; readonly waitMs: number },
  decide: Decide<T>,
): Promise<Ahead<T>> {
  return await new Promise<Ahead<T>>((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (ahead: Ahead<T>, rest: Buffer): void => {
      cancel();
      socket.off('data', onData).off('end', onClose).off('close', onClose).off('error', onClose);
      // An error between two readers must not end the process.
      socket.on('error', () => undefined);
      socket.pause();
      if (rest.length > 0) socket.unshift(rest);
      resolve(ahead);
    };
    const onClose = (): void => finish({ kind: 'closed' }, Buffer.alloc(0));
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const decision = decide(bytes);
      if (decision === undefined) return;
      finish({ kind: 'decided', value: decision.value }, bytes.subarray(decision.consumed));
    };
    const cancel = clock.after(waitMs, () => finish({ kind: 'silent', bytes }, bytes));
    if (socket.destroyed) return onClose();
    socket.on('data', onData).on('end', onClose).on('close', onClose).on('error', onClose);
    socket.resume();
  });
}
