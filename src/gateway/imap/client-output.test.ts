import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '../relay.ts';
import { ClientOutput, type EffectWriter, type HeldOutput } from './client-output.ts';

class Held implements HeldOutput {
  isReady = false;
  text = '';
  isWhole = true;

  prefix() {
    return { text: this.text, isWhole: this.isWhole };
  }

  write(out: EffectWriter, alreadySent: number): void {
    out.text(`${this.text}content`.slice(alreadySent));
  }
}

function shown(effects: readonly Effect[]): string[] {
  return effects.map((effect) =>
    effect.kind === 'send' ? Buffer.from(effect.bytes).toString() : effect.kind,
  );
}

describe('ClientOutput', () => {
  it('joins what may leave together into one write', () => {
    const output = new ClientOutput();
    output.text('a');
    output.late(() => 'b');
    output.effect({ kind: 'discard', message: 1 });
    output.text('c');
    assert.deepEqual(shown(output.flush()), ['ab', 'discard', 'c']);
    assert.equal(output.isEmpty, true);
    assert.deepEqual(output.flush(), []);
  });

  it('lets nothing overtake what is held', () => {
    const output = new ClientOutput();
    const held = new Held();
    output.text('before ');
    output.hold(held);
    output.text(' behind');
    assert.deepEqual(shown(output.flush()), ['before ']);
    assert.equal(output.isHolding, true);
    held.isReady = true;
    assert.deepEqual(shown(output.flush()), ['content behind']);
    assert.equal(output.isHolding, false);
  });

  it('trickles the genuine bytes and sends the rest later', () => {
    const output = new ClientOutput();
    const held = new Held();
    held.text = 'ab';
    output.hold(held);
    const bytes = [output.tick(), output.tick()].map((byte) =>
      typeof byte === 'string' ? byte : shown([byte])[0],
    );
    assert.deepEqual(bytes, ['a', 'b']);
    assert.equal(output.hasBegunHeld, true);
    assert.equal(output.tick(), 'exhausted');
    held.isReady = true;
    assert.deepEqual(shown(output.flush()), ['content']);
    assert.equal(output.hasBegunHeld, false);
  });

  it('has nothing to trickle while nothing is sure to leave or more will come', () => {
    const output = new ClientOutput();
    assert.equal(output.tick(), 'nothing');
    const held = new Held();
    held.isWhole = false;
    output.hold(held);
    assert.equal(output.tick(), 'nothing');
    held.text = 'x';
    assert.notEqual(output.tick(), 'nothing');
    assert.equal(output.tick(), 'nothing');
  });
});
