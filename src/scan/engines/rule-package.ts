import { u32le } from '../unpack/byte-view.ts';

/** Stands before rules that come with a sieve (`joinable-rules.ts`), and then the length of the sieve. */
const WITH_SIEVE = Buffer.from('sieve\n');
const LENGTH_BYTES = 4;

/** Compiled rules, and the sieve through which many contents may be looked at for them. */
export interface RulePackage {
  readonly rules: Uint8Array;
  /** `same`: the rules are their own sieve. */
  readonly sieve: Uint8Array | 'same' | undefined;
}

/** What compiled rules are handed over as. */
export function packRules({ rules, sieve }: RulePackage): Uint8Array {
  if (sieve === undefined) {
    return rules;
  }
  const own = sieve === 'same' ? Buffer.alloc(0) : sieve;
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(own.length);
  return Buffer.concat([WITH_SIEVE, length, own, rules]);
}

export function unpackRules(bytes: Uint8Array): RulePackage {
  if (!WITH_SIEVE.equals(bytes.subarray(0, WITH_SIEVE.length))) {
    return { rules: bytes, sieve: undefined };
  }
  const start = WITH_SIEVE.length + LENGTH_BYTES;
  const length = u32le(bytes, WITH_SIEVE.length);
  const sieve = length === 0 ? 'same' : bytes.subarray(start, start + length);
  return { rules: bytes.subarray(start + length), sieve };
}
