/**
 * Transcripts with bytes changed, lost, doubled or inserted. Nobody knows what is right then, but some things
 * always hold: nothing throws, the harness finds no broken contract, and the output does not depend on the cuts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { RelayHarness } from '../support/relay-harness.ts';
import { createChunkings, createRandom, type Chunking } from './chunkings.ts';
import { loadTranscripts, PROTOCOLS, loadFactory } from './library.ts';
import type { CreateRelay } from './replay.ts';
import type { Step, Transcript } from './transcript.ts';

/** More for a long run: `POSTERN_FUZZ_RUNS=100000 npm test -- test/wire/mutated-transcripts`. */
const RUNS = Number(process.env['POSTERN_FUZZ_RUNS'] ?? '150');
/** Longer inputs are limits being tested; they only make this slow. */
const MAX_INPUT_BYTES = 4096;
const HARD_OCTETS = [
  0x00, 0x0a, 0x0d, 0x20, 0x22, 0x28, 0x29, 0x2a, 0x2b, 0x2e, 0x30, 0x39, 0x7b, 0x7d, 0xff,
];

const chunkings = createChunkings();

type Mutation = (bytes: Buffer, at: number, octet: number) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  (bytes, at, octet) => Buffer.concat([bytes.subarray(0, at), Buffer.of(octet), bytes.subarray(at + 1)]),
  (bytes, at, octet) => Buffer.concat([bytes.subarray(0, at), Buffer.of(octet), bytes.subarray(at)]),
  (bytes, at) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at) => Buffer.concat([bytes, bytes.subarray(at)]),
];

function mutate(steps: readonly Step[], seed: number): Step[] {
  const random = createRandom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const mutated = [...steps];
  const inputs = steps.flatMap((step, index) => (step.kind === 'input' ? [index] : []));
  for (let count = 1 + pick(3); count > 0; count -= 1) {
    const index = inputs[pick(inputs.length)] ?? 0;
    const step = mutated[index];
    const change = MUTATIONS[pick(MUTATIONS.length)];
    if (step?.kind === 'input' && change !== undefined) {
      const octet = HARD_OCTETS[pick(HARD_OCTETS.length)] ?? 0;
      mutated[index] = { ...step, bytes: change(step.bytes, pick(step.bytes.length + 1), octet) };
    }
  }
  return mutated;
}

function perform(harness: RelayHarness, step: Step, chunking: Chunking): void {
  if (step.kind === 'input') {
    for (const chunk of chunking.cut(step.bytes)) {
      if (step.from === 'client') harness.fromClient(chunk);
      else harness.fromUpstream(chunk);
    }
  } else if (step.kind === 'directive') {
    direct(harness, step.name, step.args[0] ?? '');
  }
}

function direct(harness: RelayHarness, name: string, argument: string): void {
  const side = argument === 'client' ? 'client' : 'upstream';
  if (name === 'tick' && harness.relay.isHolding) harness.tick();
  else if (name === 'hold') harness.hold = true;
  else if (name === 'release') harness.releaseVerdicts();
  else if (name === 'secured' && harness.handshakes.has(side)) harness.secured(side);
  else if (name === 'ended') harness.ended(side);
  else if (name === 'drain') harness.drain();
}

function outcome(create: CreateRelay, { settings }: Transcript, steps: readonly Step[], chunking: Chunking) {
  const harness = new RelayHarness(create(settings));
  for (const step of steps) {
    perform(harness, step, chunking);
  }
  return { client: harness.written('client').toString('latin1'), closed: harness.closed };
}

function isShort(step: Step): boolean {
  return step.kind !== 'input' || step.bytes.length <= MAX_INPUT_BYTES;
}

for (const protocol of PROTOCOLS) {
  describe(`mutated ${protocol.folder} transcripts`, () => {
    it('throw nothing', async () => {
      const create = await loadFactory(protocol);
      const transcripts = loadTranscripts(protocol.folder).filter(({ steps }) => steps.every(isShort));
      assert.ok(transcripts.length > 0);
      fc.assert(
        fc.property(
          fc.constantFrom(...transcripts),
          fc.nat(),
          fc.constantFrom(...chunkings),
          (one, seed, cut) => {
            outcome(create, one, mutate(one.steps, seed), cut);
          },
        ),
        { numRuns: RUNS, seed: 20_260_205 },
      );
    });
  });
}

describe('mutated pop3 transcripts', () => {
  it('do not depend on how the bytes are cut', () => {
    const transcripts = loadTranscripts('pop3').filter(({ steps }) => steps.every(isShort));
    const [whole, ...others] = chunkings;
    assert.ok(transcripts.length > 0 && whole !== undefined);
    fc.assert(
      fc.property(fc.constantFrom(...transcripts), fc.nat(), fc.constantFrom(...others), (one, seed, cut) => {
        const steps = mutate(one.steps, seed);
        assert.deepEqual(
          outcome(createPop3Relay, one, steps, cut),
          outcome(createPop3Relay, one, steps, whole),
        );
      }),
      { numRuns: RUNS, seed: 20_260_206 },
    );
  });
});
