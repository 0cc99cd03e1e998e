import { createCipheriv, createHash } from 'node:crypto';

/**
 * Deterministic pseudo-random source: the same seed gives the same bytes on every machine.
 * AES-CTR of zeros, because hundreds of megabytes are drawn from it.
 */
export class Seeded {
  readonly #cipher;
  #pool: Buffer = Buffer.alloc(0);

  constructor(seed: string) {
    const key = createHash('sha256').update(seed).digest();
    this.#cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  }

  bytes(length: number): Buffer {
    return this.#cipher.update(Buffer.alloc(Math.floor(length)));
  }

  /** A whole number in `[low, high]`. */
  between(low: number, high: number): number {
    if (this.#pool.length < 6) {
      this.#pool = this.bytes(6 * 1024);
    }
    const drawn = this.#pool.readUIntBE(0, 6);
    this.#pool = this.#pool.subarray(6);
    return low + (drawn % (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.between(0, choices.length - 1)];
    if (choice === undefined) {
      throw new RangeError('nothing to pick from');
    }
    return choice;
  }

  hex(length: number): string {
    return this.bytes(Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length);
  }
}
