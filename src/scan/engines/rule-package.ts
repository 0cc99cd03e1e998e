import { u32le } from '../unpack/byte-view.ts';
import type { Word } from './pattern-words.ts';

/** Stands before rules that come with a sieve (`joinable-rules.ts`); then come the parts, each behind its length. */
const WITH_SIEVE = Buffer.from('sieve\n');
const LENGTH_BYTES = 4;
const FOLDED = 1;

/** What may be looked for before the sieve. */
export interface RuleWords {
  /** Where none of these is, only `rest` can match. */
  readonly words: readonly Word[];
  /** The rules of the sieve of which no words are known; undefined when there are none. */
  readonly rest: Uint8Array | undefined;
}

/** Compiled rules, and the sieve through which many contents may be looked at for them. */
export interface RulePackage {
  readonly rules: Uint8Array;
  /** `same`: the rules are their own sieve. */
  readonly sieve: Uint8Array | 'same' | undefined;
  readonly words?: RuleWords | undefined;
}

const NOTHING = Buffer.alloc(0);

function withLength(part: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(part.length);
  return Buffer.concat([length, part]);
}

function packWord({ bytes, isFolded }: Word): Buffer {
  return Buffer.concat([Buffer.from([isFolded ? FOLDED : 0]), withLength(bytes)]);
}

/** What compiled rules are handed over as. */
export function packRules({ rules, sieve, words }: RulePackage): Uint8Array {
  if (sieve === undefined) {
    return rules;
  }
  return Buffer.concat([
    WITH_SIEVE,
    withLength(sieve === 'same' ? NOTHING : sieve),
    withLength(Buffer.concat((words?.words ?? []).map(packWord))),
    withLength(words?.rest ?? NOTHING),
    rules,
  ]);
}

function unpackWords(packed: Uint8Array): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < packed.length;) {
    const start = at + 1 + LENGTH_BYTES;
    const end = start + u32le(packed, at + 1);
    words.push({ bytes: Buffer.from(packed.subarray(start, end)), isFolded: packed[at] === FOLDED });
    at = end;
  }
  return words;
}

export function unpackRules(bytes: Uint8Array): RulePackage {
  if (!WITH_SIEVE.equals(bytes.subarray(0, WITH_SIEVE.length))) {
    return { rules: bytes, sieve: undefined };
  }
  let at = WITH_SIEVE.length;
  const next = (): Uint8Array => {
    const start = at + LENGTH_BYTES;
    at = start + u32le(bytes, at);
    return bytes.subarray(start, at);
  };
  const [sieve, packed, rest] = [next(), next(), next()];
  const words = unpackWords(packed);
  return {
    rules: bytes.subarray(at),
    sieve: sieve.length === 0 ? 'same' : sieve,
    words: words.length === 0 ? undefined : { words, rest: rest.length === 0 ? undefined : rest },
  };
}
