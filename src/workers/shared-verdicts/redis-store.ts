import { readFileSync } from 'node:fs';
import type { OpenStore, SharedStore } from './shared-store.ts';

/** Commands that wait in the client for the socket; the breaker bounds what is asked long before. */
const MAX_QUEUED_COMMANDS = 1_000;

export interface RedisOptions {
  /** `redis://` or `rediss://` (TLS), with name, password and number of the database where needed. */
  readonly url: string;
  /** PEM file with the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
}

/**
 * Opens connections to Redis or Valkey. The client is loaded with the first one, so that it costs nothing where
 * it is not used. A connection that broke is not mended: the breaker opens another one.
 */
export function redisStore({ url, ca }: RedisOptions): OpenStore {
  return async (signal) => {
    const { createClient, RESP_TYPES } = await import('@redis/client');
    const authorities = ca === undefined ? {} : { ca: readFileSync(ca) };
    const isSecure = url.startsWith('rediss:');
    const client = createClient({
      url,
      socket: { reconnectStrategy: false, ...(isSecure ? { tls: true as const, ...authorities } : {}) },
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_QUEUED_COMMANDS,
      commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    });
    // Commands under way reject with it; without a listener it would end the process.
    client.on('error', () => undefined);
    const store: SharedStore = {
      get: async (key) => bytesOf(await client.get(key)),
      set: async (key, value, maxAgeMs) =>
        void (await client.set(key, value, { expiration: { type: 'PX', value: maxAgeMs } })),
      close: () => {
        if (client.isOpen) client.destroy();
      },
    };
    await opened(
      client.connect().then(async () => await client.ping()),
      signal,
      store,
    );
    return store;
  };
}

/** The types of the client are a promise of the server. */
function bytesOf(answer: unknown): Buffer | undefined {
  if (answer === null) return undefined;
  if (!Buffer.isBuffer(answer)) throw new Error('the answer is no bytes');
  return answer;
}

async function opened(work: Promise<unknown>, signal: AbortSignal, store: SharedStore): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, promise]);
  } catch (error) {
    store.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
