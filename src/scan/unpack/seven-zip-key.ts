import { createHash } from 'node:crypto';
import type { Budget } from '../budget.ts';

/** 7-Zip itself opens nothing above; at this power one key hashes about half a gigabyte. */
export const MAX_CYCLES_POWER = 24;
/** The power that means: no hashing, the salt and the password are the key. */
const PLAIN_KEY_POWER = 0x3f;
const KEY_BYTES = 32;
/** Rounds prepared as one buffer: the native hash runs at full speed, and the buffer stays in a processor cache. */
const CHUNK_BITS = 12;
/** Chunks between two looks at the clock. */
const CHUNKS_PER_CHECK = 64;
/** Keys kept by a worker, some 100 bytes each: writers leave the salt empty, so common words have one key for ever. */
export const MAX_KEPT_KEYS = 512;

/** How an archive turns a password into a key. */
export interface SevenZipKeyRule {
  readonly cyclesPower: number;
  readonly salt: Buffer;
}

export function isAffordable({ cyclesPower }: SevenZipKeyRule): boolean {
  return cyclesPower <= MAX_CYCLES_POWER || cyclesPower === PLAIN_KEY_POWER;
}

/** How often the password is hashed for a key. */
export function roundsOf({ cyclesPower }: SevenZipKeyRule): number {
  return cyclesPower === PLAIN_KEY_POWER ? 0 : 2 ** cyclesPower;
}

export function idOf({ cyclesPower, salt }: SevenZipKeyRule): string {
  return `${cyclesPower} ${salt.toString('hex')}`;
}

/** Writes the counters of one chunk: its rounds differ in the upper bytes only, the lowest byte never changes. */
function count(chunk: Buffer, unit: number, counterAt: number, first: number): void {
  for (let at = counterAt, round = first; at < chunk.length; at += unit, round += 1) {
    chunk[at + 1] = (round >>> 8) & 255;
    chunk[at + 2] = (round >>> 16) & 255;
    chunk[at + 3] = (round >>> 24) & 255;
  }
}

/** SHA-256 over 2^power times salt, password and a counter of eight bytes. */
function hashRounds(secret: Buffer, power: number, budget: Budget): Buffer {
  const unit = secret.length + 8;
  const bits = Math.min(power, CHUNK_BITS);
  const chunk = Buffer.alloc(unit << bits);
  for (let round = 0, at = 0; at < chunk.length; at += unit, round += 1) {
    secret.copy(chunk, at);
    chunk[at + secret.length] = round & 255;
  }
  const digest = createHash('sha256');
  const chunks = 2 ** (power - bits);
  for (let index = 0; index < chunks; index += 1) {
    if (index % CHUNKS_PER_CHECK === 0) {
      budget.checkTime();
    }
    count(chunk, unit, secret.length, index << bits);
    digest.update(chunk);
  }
  return digest.digest();
}

/** AES keys of 7z archives, by password; the native hash does in 10 ms what takes WebAssembly 75. */
export class SevenZipKeys {
  /** In the order of their last use. */
  readonly #kept = new Map<string, Buffer>();

  /** Throws `ScanLimitError` when the time of the scan is over. The rule must be affordable. */
  derive(password: string, rule: SevenZipKeyRule, budget: Budget): Buffer {
    const name = `${idOf(rule)} ${password}`;
    const key = this.#kept.get(name) ?? this.#calculate(password, rule, budget);
    this.#kept.delete(name);
    this.#kept.set(name, key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_KEYS && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    return key;
  }

  #calculate(password: string, { cyclesPower, salt }: SevenZipKeyRule, budget: Budget): Buffer {
    const secret = Buffer.concat([salt, Buffer.from(password, 'utf16le')]);
    if (cyclesPower === PLAIN_KEY_POWER) {
      return Buffer.concat([secret, Buffer.alloc(KEY_BYTES)]).subarray(0, KEY_BYTES);
    }
    return hashRounds(secret, cyclesPower, budget);
  }
}
