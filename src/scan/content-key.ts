import { createCipheriv, createSecretKey, hash, randomBytes } from 'node:crypto';
import { latin1 } from './unpack/byte-view.ts';

/** From here on the authentication code of AES-GCM, ten times as fast as SHA-256, makes up for the 3 µs that it costs to begin. */
export const LARGE_BYTES = 8 * 1024;

/** Secret and new in each process: who cannot know it cannot make two contents that look the same under it. */
const KEY = createSecretKey(randomBytes(16));
/** One and the same for all, because no code ever leaves the process: equal contents have equal codes. */
const NONCE = Buffer.alloc(12);

function authenticationCode(bytes: Uint8Array): string {
  const cipher = createCipheriv('aes-128-gcm', KEY, NONCE);
  cipher.setAAD(bytes);
  cipher.final();
  return cipher.getAuthTag().toString('hex');
}

/** Up to here the content is its own key: shorter than what it costs to calculate another. */
export const SHORT_BYTES = 512;

/** What tells contents apart within this process; the SHA-256 is calculated only when somebody asks. */
export class ContentKey {
  /** Of one content always the same, and of another never: the kinds of keys begin differently. */
  readonly key: string;
  #bytes: Uint8Array | undefined;
  #sha256: string | undefined;

  private constructor(key: string, bytes: Uint8Array, sha256: string | undefined) {
    this.key = key;
    this.#bytes = bytes;
    this.#sha256 = sha256;
  }

  static of(bytes: Uint8Array): ContentKey {
    if (bytes.length <= SHORT_BYTES) {
      return new ContentKey(`=${latin1(bytes)}`, bytes, undefined);
    }
    if (bytes.length < LARGE_BYTES) {
      const sha256 = hash('sha256', bytes);
      return new ContentKey(sha256, bytes, sha256);
    }
    return new ContentKey(`${bytes.length}:${authenticationCode(bytes)}`, bytes, undefined);
  }

  /** The message itself, which is told apart from its pieces by comparison. `sha256`: when it is known already. */
  static ofMessage(bytes: Uint8Array, sha256: string | undefined): ContentKey {
    return new ContentKey('message', bytes, sha256);
  }

  /** The SHA-256 if it was calculated before, lower-case hex. */
  get knownSha256(): string | undefined {
    return this.#sha256;
  }

  /** Lower-case hex. Throws after `forget`, unless it was asked for before. */
  get sha256(): string {
    if (this.#sha256 === undefined) {
      if (this.#bytes === undefined) {
        throw new Error('digest of a content that is gone');
      }
      this.#sha256 = hash('sha256', this.#bytes);
    }
    return this.#sha256;
  }

  /** Takes back `forget`: `bytes` are the same content, met again. */
  recall(bytes: Uint8Array): void {
    this.#bytes ??= bytes;
  }

  /** The content was judged: nobody will ask any more, and its memory is needed. */
  forget(): void {
    this.#bytes = undefined;
  }
}
