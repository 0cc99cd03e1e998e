import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const PROBE_INTERVAL_MS = 50;

/** What is waited for can never happen any more. */
export class HasEnded extends Error {}

/** Probes until `probe` returns a value; after `timeoutMs` it throws with what `describe` says and the last error. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined> | T | undefined,
  describe: () => string = () => '',
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) {
        return value;
      }
    } catch (error) {
      if (error instanceof HasEnded) {
        throw error;
      }
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${timeoutMs} ms\n${describe()}`, { cause: last });
    }
    await delay(PROBE_INTERVAL_MS);
  }
}

/** Rejects when `promise` takes longer than `timeoutMs`. */
export async function within<T>(what: string, timeoutMs: number, promise: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`${what}: not within ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}

/** One TCP connection that is closed again. */
export async function isListening(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    return true;
  } finally {
    socket.destroy();
  }
}
