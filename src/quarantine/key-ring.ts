import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { GatewayError } from '../base/errors.ts';

/** `postern-quarantine-key:` and 32 bytes in base64; one key for each line, the first one encrypts. */
const LINE = /^postern-quarantine-key:(?<key>[A-Za-z0-9+/]{43}=)$/u;
const PREFIX = 'postern-quarantine-key:';
const KEY_BYTES = 32;
export const KEY_ID_BYTES = 8;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Nonce, encrypted data key, tag. */
export const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
/** Some hundred keys; whatever is larger is no key file. */
const MAX_FILE_BYTES = 64 * 1024;

function unusable(path: string, what: string, remedy: string, cause?: unknown): GatewayError {
  return new GatewayError('QUARANTINE_FAILED', `the quarantine key file ${path} ${what}. ${remedy}`, {
    cause,
  });
}

/** The keys that wrap the data keys of the originals. They never leave this object. */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, Buffer>;
  /** Names the key that encrypts, lower-case hex. */
  readonly currentId: string;

  private constructor(keys: readonly Buffer[]) {
    this.#keys = new Map(keys.map((key) => [idOf(key), key]));
    const [first] = this.#keys.keys();
    this.currentId = first ?? '';
  }

  /** Undefined when there is no such file. Rejects with `QUARANTINE_FAILED` when it cannot be used. */
  static async read(path: string): Promise<KeyRing | undefined> {
    const text = await readText(path);
    if (text === undefined) return undefined;
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    const keys = lines.map((line) => LINE.exec(line.trim())?.groups?.['key']);
    if (keys.length === 0 || keys.includes(undefined)) {
      const remedy = 'Restore it from its copy';
      throw unusable(path, 'holds something else than keys', remedy);
    }
    return new KeyRing(keys.map((key) => Buffer.from(key ?? '', 'base64')));
  }

  /** Makes a key file that nobody else may read; an existing one is never overwritten. */
  static async create(path: string): Promise<KeyRing> {
    const key = randomBytes(KEY_BYTES);
    try {
      const handle = await open(path, 'wx', 0o600);
      try {
        await handle.writeFile(`${PREFIX}${key.toString('base64')}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw unusable(
        path,
        `cannot be made (${reason})`,
        'Set quarantine.keyFile to a place that takes it',
        cause,
      );
    }
    return new KeyRing([key]);
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  /** A new data key, and what has to be kept to have it again. */
  newDataKey(): { readonly dataKey: Buffer; readonly wrapped: Buffer } {
    const dataKey = randomBytes(KEY_BYTES);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key(this.currentId), nonce);
    const encrypted = Buffer.concat([cipher.update(dataKey), cipher.final()]);
    return { dataKey, wrapped: Buffer.concat([nonce, encrypted, cipher.getAuthTag()]) };
  }

  /** Throws when the key is not here or the bytes were changed. */
  dataKey(keyId: string, wrapped: Uint8Array): Buffer {
    const nonce = wrapped.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key(keyId), nonce);
    decipher.setAuthTag(wrapped.subarray(NONCE_BYTES + KEY_BYTES));
    const opened = decipher.update(wrapped.subarray(NONCE_BYTES, NONCE_BYTES + KEY_BYTES));
    return Buffer.concat([opened, decipher.final()]);
  }

  /** A key for another purpose, which says nothing of the key it comes from. Throws when that is not here. */
  derivedKey(keyId: string, purpose: string): KeyObject {
    const derived = hkdfSync('sha256', this.#key(keyId), '', purpose, KEY_BYTES);
    return createSecretKey(Buffer.from(derived));
  }

  #key(keyId: string): Buffer {
    const key = this.#keys.get(keyId);
    if (key === undefined) {
      throw new GatewayError('QUARANTINE_FAILED', `the key ${keyId} is not in the quarantine key file`);
    }
    return key;
  }
}

/** Tells keys apart and says nothing of them. */
function idOf(key: Buffer): string {
  return createHash('sha256')
    .update('postern key id\0')
    .update(key)
    .digest('hex')
    .slice(0, 2 * KEY_ID_BYTES);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const { size, mode } = await stat(path);
    if ((mode & 0o007) !== 0 && process.platform !== 'win32') {
      throw unusable(path, 'may be read by everybody', 'Take the rights of others away: chmod o= FILE');
    }
    if (size > MAX_FILE_BYTES) throw unusable(path, 'is too large', 'Restore it from its copy');
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw unusable(path, `cannot be read (${reason})`, 'Let the user of this process read it', cause);
  }
}
