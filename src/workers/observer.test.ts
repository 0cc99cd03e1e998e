import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget, ScanLimitError } from '../scan/budget.ts';
import type { Engine } from '../scan/engines/engine.ts';
import type { Piece } from '../scan/piece.ts';
import type { Finding, UnscannableCause } from '../scan/verdict.ts';
import { MAX_OBSERVED, Observer, SHADOW_TIME_MS } from './observer.ts';
import { LIMITS } from './pool-fixture.ts';

const PIECE: Piece = { path: '1', bytes: Buffer.from('x'), depth: 0 };
const FOUND: Finding = {
  engine: 'yara',
  rule: 'r',
  namespace: 'n',
  class: 'malicious',
  severity: 'high',
  part: '1',
  sha256: 'd',
};

const budget = (now = (): number => 0): Budget => new Budget(LIMITS, now);
const finding = (...findings: readonly Finding[]): Engine => ({ name: 'yara', inspect: () => findings });
const failing = (cause: UnscannableCause): Engine => ({
  name: 'clamd',
  inspect: () => {
    throw new ScanLimitError(cause, 'no');
  },
});

describe('rules on trial', () => {
  it('never find anything for the verdict, and are noted for the message', async () => {
    const observer = new Observer(() => 0);
    const engine = observer.onTrial(finding(FOUND));
    observer.begin();
    assert.deepEqual(await engine.inspect(PIECE, 'd', budget()), []);
    assert.deepEqual(observer.observations(), { shadow: [{ ...FOUND, engine: 'shadow' }], ignored: [] });
    observer.begin();
    assert.equal(observer.observations(), undefined);
  });

  it('cannot make a message unscannable', async () => {
    const observer = new Observer(() => 0);
    const engine = observer.onTrial(failing('timeout'));
    assert.deepEqual(await engine.inspect(PIECE, 'd', budget()), []);
    assert.deepEqual(observer.observations()?.ignored, [{ engine: 'shadow', cause: 'timeout' }]);
  });

  for (const [ms, asked] of [
    [SHADOW_TIME_MS, 2],
    [SHADOW_TIME_MS + 1, 1],
  ] as const) {
    it(`are asked ${asked} of 2 times when the first took ${ms} ms`, async () => {
      let now = 0;
      let calls = 0;
      const observer = new Observer(() => now);
      const engine = observer.onTrial({
        name: 'yara',
        inspect: () => {
          now += calls === 0 ? ms : 0;
          calls += 1;
          return [];
        },
      });
      await engine.inspect(PIECE, 'd', budget());
      await engine.inspect(PIECE, 'e', budget());
      assert.equal(calls, asked);
    });
  }

  it('are noted up to a limit', async () => {
    const observer = new Observer(() => 0);
    const many = Array.from({ length: MAX_OBSERVED + 1 }, (_, i) => ({ ...FOUND, rule: `r${i}` }));
    await observer.onTrial(finding(...many)).inspect(PIECE, 'd', budget());
    assert.equal(observer.observations()?.shadow.length, MAX_OBSERVED);
  });
});

describe('an engine whose failures are ignored', () => {
  for (const cause of ['engine-failed', 'timeout', 'too-large'] as const) {
    it(`is no reason for a verdict when it says ${cause}`, async () => {
      const observer = new Observer(() => 0);
      assert.deepEqual(await observer.forgiving(failing(cause)).inspect(PIECE, 'd', budget()), []);
      assert.deepEqual(observer.observations()?.ignored, [{ engine: 'clamd', cause }]);
    });
  }

  it('is heard about the content all the same', async () => {
    const observer = new Observer(() => 0);
    assert.deepEqual(await observer.forgiving(finding(FOUND)).inspect(PIECE, 'd', budget()), [FOUND]);
    await assert.rejects(
      async () => await observer.forgiving(failing('encrypted')).inspect(PIECE, 'd', budget()),
    );
  });

  it('does not hide that the time of the whole message is over', async () => {
    let now = 0;
    const observer = new Observer(() => now);
    const spent = budget(() => now);
    now = LIMITS.timeMs;
    await assert.rejects(async () => await observer.forgiving(failing('timeout')).inspect(PIECE, 'd', spent));
  });

  it('is not asked again for a message after it failed', async () => {
    const observer = new Observer(() => 0);
    let calls = 0;
    const engine = observer.forgiving({
      name: 'clamd',
      inspect: () => {
        calls += 1;
        throw new ScanLimitError('engine-failed', 'gone');
      },
    });
    await engine.inspect(PIECE, 'd', budget());
    await engine.inspect(PIECE, 'e', budget());
    assert.equal(calls, 1);
  });
});
