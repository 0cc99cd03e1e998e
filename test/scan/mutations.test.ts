import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Engine } from '../../src/scan/engines/engine.ts';
import { createPipeline } from '../../src/scan/pipeline.ts';
import { TEST_LIMITS } from '../../src/scan/test-limits.ts';
import { createUnpackers } from '../../src/scan/unpack/index.ts';
import { MARKED } from '../corpus/technique.ts';
import { techniques } from '../corpus/techniques.ts';
import { malformedMail } from '../corpus/unreadable-mail.ts';

/** Large ones cost time and show nothing new; passwords are searched until the clock says no, which is none here. */
const MAX_SEED_BYTES = 20_000;
const seeds = techniques()
  .filter(({ row }) => !row.startsWith('encrypted'))
  .map(({ message }) => message(MARKED))
  .filter(({ length }) => length <= MAX_SEED_BYTES);

const LIMITS = { ...TEST_LIMITS, maxPieces: 300, maxObjectBytes: 200_000, maxTotalBytes: 2_000_000 };

/** What every scan of the pipeline handed to the engines. */
class Meter implements Engine {
  readonly name = 'meter';
  pieces = 0;
  largest = 0;

  inspect(piece: { readonly path: string; readonly bytes: Uint8Array }): [] {
    this.pieces += 1;
    this.largest = Math.max(this.largest, piece.bytes.length);
    return [];
  }

  reset(): void {
    this.pieces = 0;
    this.largest = 0;
  }
}

const marker: Engine = {
  name: 'marker',
  inspect: ({ path, bytes }, sha256) =>
    Buffer.from(bytes).includes(MARKED)
      ? [
          {
            engine: 'marker',
            rule: 'm',
            namespace: 't',
            class: 'malicious',
            severity: 'high',
            part: path,
            sha256,
          },
        ]
      : [],
};

/** One change at a place given as a share of the length. */
interface Change {
  readonly kind: 'set' | 'insert' | 'remove' | 'double' | 'cut' | 'swap';
  readonly place: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('set', 'insert', 'remove', 'double', 'cut', 'swap'),
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 200 }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 12 }),
    fc
      .constantFrom('\r\n', '\0', '=', '--b', '"', '<', '{', 'PK\u0003\u0004', 'endstream')
      .map((text) => Buffer.from(text, 'latin1')),
  ),
});

function changed(message: Buffer, { kind, place, length, bytes }: Change): Buffer {
  const at = Math.floor(place * message.length);
  const [head, tail] = [message.subarray(0, at), message.subarray(at)];
  const slice = tail.subarray(0, length);
  const results = {
    set: () => [head, bytes, tail.subarray(bytes.length)],
    insert: () => [head, bytes, tail],
    remove: () => [head, tail.subarray(length)],
    double: () => [head, slice, tail],
    cut: () => [head],
    swap: () => [tail, head],
  };
  return Buffer.concat(results[kind]());
}

/** Place of a seed and what is done to it: short to print, other than the bytes. */
const recipe = fc.tuple(fc.nat({ max: seeds.length - 1 }), fc.array(change, { minLength: 1, maxLength: 6 }));

function mutant([index, changes]: readonly [number, readonly Change[]]): Buffer {
  return changes.reduce<Buffer>(changed, seeds[index] ?? Buffer.alloc(0));
}

describe('the corpus, damaged at random', () => {
  const meter = new Meter();
  const pipeline = createPipeline({
    engines: [meter, marker],
    unpackers: createUnpackers(),
    limits: LIMITS,
    now: () => 0,
    readers: 'both',
  });

  async function judge(message: Buffer): Promise<void> {
    meter.reset();
    const first = await pipeline.scan(message, 'message');
    assert.ok(first.pieces <= LIMITS.maxPieces + 1, `${first.pieces} pieces`);
    // A second run proves that what would be neutralised is disarmed.
    assert.ok(meter.pieces <= 2 * (LIMITS.maxPieces + 1), `${meter.pieces} pieces in all`);
    assert.ok(meter.largest <= Math.max(LIMITS.maxObjectBytes, message.length), `${meter.largest} bytes`);
    const { verdict, guilt } = await pipeline.scan(Buffer.from(message), 'message');
    assert.deepEqual({ verdict, guilt }, { verdict: first.verdict, guilt: first.guilt });
    assert.ok(!message.includes(MARKED) || verdict.kind === 'malicious', 'the raw bytes are always matched');
  }

  it('has seeds', () => assert.ok(seeds.length > 300));

  it('throws nothing, stays in its budget and is judged alike twice', () =>
    fc.assert(
      fc.asyncProperty(recipe, (made) => judge(mutant(made))),
      { numRuns: 250 },
    ));

  it('the same for messages that were cut or were no messages', async () => {
    for (const { message } of malformedMail()) {
      await judge(message);
    }
  });
});
