/** Every byte of the transcripts damaged: whatever becomes of the session, nothing guilty leaves and nothing grows. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { RelayHarness } from '../support/relay-harness.ts';
import { loadTranscripts } from '../wire/library.ts';
import type { Step, Transcript } from '../wire/transcript.ts';
import { ChunkCount, fuzzSetting } from './fuzz-setting.ts';

/** Stands in the guilty part of the infected message of the transcripts and nowhere else. */
const MARKER = 'R1VJTFRZLUNPTlRFTlQtTUFSS0VS';
/** Longer inputs are limits being tested; they only make this slow. */
const MAX_INPUT_BYTES = 4_096;
const MAX_TICKS = 50;
const PIECES = ['"', '\\', '{', '}', '(', ')', '[', ']', '<', '>', '\r\n', '\r', '\n', '\0', ' ', '0', '9'];
const LONGER = [
  '{0}',
  '{5}\r\n',
  '{5+}\r\n',
  '~{3}\r\n',
  ' NIL',
  'BODY[]',
  'BODY[1] ',
  ' FETCH (',
  'UID ',
  '+ ',
];

const count = new ChunkCount();
const damages = fc.array(
  fc.record({
    step: fc.nat(40),
    at: fc.nat(MAX_INPUT_BYTES),
    drop: fc.integer({ min: 0, max: 3 }),
    add: fc.constantFrom('', ...PIECES, ...LONGER),
  }),
  { minLength: 1, maxLength: 6 },
);
type Damage = Readonly<{ step: number; at: number; drop: number; add: string }>;

function damaged(steps: readonly Step[], all: readonly Damage[]): Step[] {
  const result = [...steps];
  const inputs = steps.flatMap((step, index) => (step.kind === 'input' ? [index] : []));
  for (const { step: chosen, at, drop, add } of all) {
    const index = inputs[chosen % Math.max(1, inputs.length)];
    const step = index === undefined ? undefined : result[index];
    if (index !== undefined && step?.kind === 'input') {
      const where = at % (step.bytes.length + 1);
      const rest = step.bytes.subarray(where + drop);
      const bytes = Buffer.concat([step.bytes.subarray(0, where), Buffer.from(add, 'latin1'), rest]);
      result[index] = { ...step, bytes };
    }
  }
  return result;
}

function direct(harness: RelayHarness, name: string, argument: string): void {
  const side = argument === 'client' ? 'client' : 'upstream';
  if (name === 'tick') {
    for (let tick = Math.min(MAX_TICKS, Number(argument || 1)); tick > 0; tick -= 1) {
      if (harness.closed === undefined && harness.relay.isHolding) harness.tick();
    }
  } else if (name === 'hold') harness.hold = true;
  else if (name === 'release') harness.releaseVerdicts();
  else if (name === 'secured' && harness.handshakes.has(side)) harness.secured(side);
  else if (name === 'ended') harness.ended(side);
  else if (name === 'drain') harness.drain();
}

function play({ settings }: Transcript, steps: readonly Step[], sizes: readonly number[]): RelayHarness {
  const harness = new RelayHarness(createImapRelay(settings), {
    verdict: (_scan, content) => (content.includes(MARKER.slice(0, 8)) ? 'neutralise' : 'deliver'),
  });
  for (const step of steps) {
    if (step.kind === 'directive') {
      direct(harness, step.name, step.args[0] ?? '');
    } else if (step.kind === 'input') {
      feed(harness, step, sizes);
    }
  }
  harness.releaseVerdicts();
  return harness;
}

function feed(harness: RelayHarness, step: Step & { kind: 'input' }, sizes: readonly number[]): void {
  for (let at = 0, turn = 0; at < step.bytes.length; turn += 1) {
    const chunk = step.bytes.subarray(at, at + (sizes[turn % sizes.length] ?? 1));
    at += chunk.length;
    count.add();
    if (step.from === 'client') harness.fromClient(chunk);
    else harness.fromUpstream(chunk);
  }
}

function isShort({ steps }: Transcript): boolean {
  return steps.every((step) => step.kind !== 'input' || step.bytes.length <= MAX_INPUT_BYTES);
}

describe('damaged IMAP transcripts', () => {
  it('show nothing guilty, hold bounded memory and break no contract', (t) => {
    const transcripts = loadTranscripts('imap').filter(isShort);
    assert.ok(transcripts.length > 100);
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.constantFrom(...transcripts), damages, sizes, (transcript, all, chunks) => {
        const steps = damaged(transcript.steps, all);
        const harness = play(transcript, steps, chunks);
        const shown = harness.written('client').toString('latin1');
        assert.ok(!shown.includes(MARKER), JSON.stringify(shown));
        const said = steps.reduce((sum, step) => sum + (step.kind === 'input' ? step.bytes.length : 0), 0);
        assert.ok(harness.peakSpoolBytes <= said, 'more is held than was said');
      }),
      fuzzSetting(5),
    );
    count.report(t);
  });
});
