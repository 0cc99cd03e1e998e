import { readFileSync } from 'node:fs';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { RespConnection } from './resp-connection.ts';
import type { RespAnswer } from './resp-reader.ts';
import type { OpenStore, SharedStore } from './shared-store.ts';
import { MAX_ENTRY_BYTES } from './verdict-seal.ts';

const DEFAULT_PORT = 6_379;
/** A server that went without a word is noticed, also while nobody asks. */
const KEEP_ALIVE_MS = 5_000;

export interface RedisOptions {
  /** `redis://` or `rediss://` (TLS), with name, password and number of the database where needed. */
  readonly url: string;
  /** PEM file with the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
}

/** Opens connections to Redis or Valkey. A connection that broke is not mended: the breaker opens another one. */
export function redisStore({ url, ca }: RedisOptions): OpenStore {
  return async (signal) => {
    const place = new URL(url);
    const connection = new RespConnection(await connected(place, ca, signal), MAX_ENTRY_BYTES);
    const giveUp = (): void => connection.end(reasonOf(signal));
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await introduce(connection, place);
    } catch (error) {
      connection.end(new Error('the server did not let us in'));
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
    return storeOver(connection);
  };
}

function storeOver(connection: RespConnection): SharedStore {
  return {
    get: async (key) => bytesOf(await connection.ask('GET', key)),
    set: async (key, value, maxAgeMs) => void (await connection.ask('SET', key, value, 'PX', `${maxAgeMs}`)),
    close: () => connection.end(new Error('the connection was closed')),
  };
}

async function connected(place: URL, ca: string | undefined, signal: AbortSignal): Promise<Socket> {
  const host = place.hostname.replaceAll(/^\[|\]$/gu, '');
  const port = place.port === '' ? DEFAULT_PORT : Number(place.port);
  const isSecure = place.protocol === 'rediss:';
  const authorities = ca === undefined ? {} : { ca: readFileSync(ca) };
  const name = isIP(host) === 0 ? { servername: host } : {};
  const socket = isSecure ? connectTls({ host, port, ...name, ...authorities }) : connect({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (): void => reject(reasonOf(signal));
  socket.once(isSecure ? 'secureConnect' : 'connect', resolve);
  socket.once('error', reject);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await promise;
    return socket;
  } catch (error) {
    socket.on('error', () => undefined); // it may be told later than the abort
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.off('error', reject);
  }
}

/** Name and password, the database, and one question: whoever answers that is of use. */
async function introduce(connection: RespConnection, { username, password, pathname }: URL): Promise<void> {
  if (password !== '') {
    const credentials = [username, password].filter((part) => part !== '').map(decodeURIComponent);
    await connection.ask('AUTH', ...credentials);
  }
  const database = pathname.slice(1);
  if (database !== '') {
    await connection.ask('SELECT', database);
  }
  await connection.ask('PING');
}

/** What a server says is a promise of the server. */
function bytesOf(answer: RespAnswer): Buffer | undefined {
  if (answer.kind !== 'bytes') throw new Error('the answer is no bytes');
  return answer.bytes;
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('no answer');
}
