import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScanReport } from '../scan/scanner.ts';
import { type Finding, UNSCANNABLE_CAUSES, type Verdict } from '../scan/verdict.ts';
import { VerdictCache } from './verdict-cache.ts';

const FINDING: Finding = {
  engine: 'yara',
  rule: 'r',
  namespace: 'n',
  class: 'malicious',
  severity: 'high',
  part: 'raw',
  sha256: 'p',
};

function report(sha256: string, verdict: Verdict = { kind: 'clean' }, generation = 'g1'): ScanReport {
  const timings = { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 };
  return { verdict, guilt: { kind: 'body' }, sha256, bytes: 1, pieces: 1, generation, timings };
}

function cache(maxEntries = 10, maxAgeMs = 100): { cache: VerdictCache; pass: (ms: number) => void } {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
  };
  return { cache: new VerdictCache({ maxEntries, maxAgeMs, now: () => now }), pass };
}

describe('verdict cache', () => {
  it('finds a verdict by digest, subject and generation only', () => {
    const { cache: known } = cache();
    known.store('a', report('a'), 'message');
    assert.equal(known.find('a', 'message', 'g1')?.sha256, 'a');
    assert.equal(known.find('b', 'message', 'g1'), undefined);
    assert.equal(known.find('a', 'fragment', 'g1'), undefined);
    assert.equal(known.find('a', 'message', 'g2'), undefined);
  });

  it('keeps what the bytes decide and nothing that the moment decided', () => {
    const findings = [FINDING];
    const verdicts: Verdict[] = [
      { kind: 'clean' },
      { kind: 'malicious', findings },
      { kind: 'suspicious', findings },
      { kind: 'skipped', reason: 'excluded' },
      ...UNSCANNABLE_CAUSES.map((cause): Verdict => ({ kind: 'unscannable', cause, findings: [] })),
    ];
    const kept = verdicts.filter((verdict) => {
      const { cache: known } = cache();
      known.store('a', report('a', verdict), 'message');
      return known.size === 1;
    });
    assert.deepEqual(
      kept.map((verdict) => (verdict.kind === 'unscannable' ? verdict.cause : verdict.kind)),
      ['clean', 'malicious', 'suspicious', 'too-deep', 'too-large', 'bomb', 'malformed', 'encrypted'],
    );
  });

  it('keeps nothing without a digest', () => {
    const { cache: known } = cache();
    known.store('', report(''), 'message');
    assert.equal(known.size, 0);
  });

  it('holds as many as its limit and forgets the least recently used one', () => {
    const { cache: known } = cache(2);
    known.store('a', report('a'), 'message');
    known.store('b', report('b'), 'message');
    assert.ok(known.find('a', 'message', 'g1'));
    known.store('c', report('c'), 'message');
    assert.equal(known.find('b', 'message', 'g1'), undefined);
    assert.ok(known.find('a', 'message', 'g1'));
    assert.ok(known.find('c', 'message', 'g1'));
  });

  it('counts a report by its findings', () => {
    const { cache: known } = cache(3);
    known.store('a', report('a'), 'message');
    known.store('b', report('b', { kind: 'malicious', findings: [FINDING, FINDING] }), 'message');
    assert.equal(known.size, 2);
    known.store('c', report('c'), 'message');
    assert.equal(known.find('a', 'message', 'g1'), undefined);
    known.store(
      'd',
      report('d', { kind: 'malicious', findings: Array.from({ length: 4 }, () => FINDING) }),
      'message',
    );
    assert.equal(known.size, 0);
    known.store('e', report('e'), 'message');
    known.store('e', report('e'), 'message');
    known.store('f', report('f'), 'message');
    assert.equal(known.size, 2);
  });

  it('answers until an entry is too old', () => {
    const { cache: known, pass } = cache(10, 100);
    known.store('a', report('a'), 'message');
    pass(99);
    assert.ok(known.find('a', 'message', 'g1'));
    pass(1);
    assert.equal(known.find('a', 'message', 'g1'), undefined);
    assert.equal(known.size, 0);
  });
});
