import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { ScanReport } from '../scan/scanner.ts';
import { FakeClock, rulesFor } from './pool-fixture.ts';
import { LEAST_FAILURES } from './rule-probation.ts';
import { RuleRollout } from './rule-rollout.ts';

const OLD = rulesFor('old');
const NEW = rulesFor('new');

function failed(generation: string): ScanReport {
  const timings = { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 };
  const verdict = { kind: 'unscannable', cause: 'timeout', findings: [] } as const;
  return { verdict, guilt: { kind: 'body' }, sha256: '', bytes: 1, pieces: 0, generation, timings };
}

/** A pool that takes every set but the refused one. */
function setUp(options: { readonly rollback?: boolean } = {}) {
  const state = { files: OLD, generation: OLD.generation, refused: '' };
  const outcomes: string[] = [];
  const rollout = new RuleRollout({
    pool: {
      get generation() {
        return state.generation;
      },
      replaceRules: async (set: RuleSet) => {
        if (set.generation === state.refused) {
          throw new GatewayError('RULES_INVALID', 'broken');
        }
        state.generation = set.generation;
      },
    },
    inUse: OLD,
    load: async () => state.files,
    rollback: options.rollback ?? true,
    clock: new FakeClock(),
    hooks: { onOutcome: (outcome, _, detail) => outcomes.push(`${outcome} ${detail}`.trim()) },
  });
  return { state, outcomes, rollout };
}

async function failScans(rollout: RuleRollout): Promise<void> {
  for (let i = 0; i < LEAST_FAILURES; i += 1) {
    rollout.observe(failed(NEW.generation));
  }
  await rollout.settled();
}

describe('rollout of rules', () => {
  it('brings changed rules into use and tells what it did', async () => {
    const { state, outcomes, rollout } = setUp();
    assert.equal(await rollout.reload(), 'unchanged');
    state.files = NEW;
    assert.equal(await rollout.reload(), 'applied');
    assert.deepEqual([state.generation, rollout.inUse], [NEW.generation, NEW]);
    assert.deepEqual(outcomes, ['unchanged', 'applied']);
  });

  it('keeps what judges when the new rules are refused, and forgets the problem when they are mended', async () => {
    const { state, outcomes, rollout } = setUp();
    state.refused = NEW.generation;
    state.files = NEW;
    await assert.rejects(rollout.reload(), /broken/);
    assert.deepEqual([state.generation, rollout.inUse], [OLD.generation, OLD]);
    assert.deepEqual(rollout.problem, { outcome: 'refused', detail: 'broken' });
    state.files = OLD;
    await rollout.reload();
    assert.equal(rollout.problem, undefined);
    assert.deepEqual(outcomes, ['refused broken', 'unchanged']);
  });

  it('goes back when scans fail, and not to the same rules again', async () => {
    const { state, outcomes, rollout } = setUp();
    state.files = NEW;
    await rollout.reload();
    await failScans(rollout);
    assert.deepEqual([state.generation, rollout.inUse], [OLD.generation, OLD]);
    assert.equal(rollout.problem?.outcome, 'rolled-back');
    await assert.rejects(rollout.reload(), /were rolled back/);
    assert.match(outcomes[1] ?? '', /^rolled-back .*scans fail/);
    state.files = rulesFor('newer');
    assert.equal(await rollout.reload(), 'applied');
  });

  it('stays when it may not go back', async () => {
    const { state, rollout } = setUp({ rollback: false });
    state.files = NEW;
    await rollout.reload();
    await failScans(rollout);
    assert.equal(state.generation, NEW.generation);
  });
});
