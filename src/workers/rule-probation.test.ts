import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScanReport } from '../scan/scanner.ts';
import type { Verdict } from '../scan/verdict.ts';
import {
  LEAST_DETECTIONS,
  LEAST_FAILURES,
  LEAST_MESSAGES,
  PROBATION_MESSAGES,
  PROBATION_MS,
  RuleProbation,
} from './rule-probation.ts';

const CLEAN: Verdict = { kind: 'clean' };
const BAD: Verdict = { kind: 'malicious', findings: [] };
const FAILED: Verdict = { kind: 'unscannable', cause: 'timeout', findings: [] };

function report(generation: string, verdict = CLEAN, matchMs = 1, bytes = 10_000): ScanReport {
  const timings = { queueMs: 0, decodeMs: 0, matchMs, totalMs: matchMs };
  return { verdict, guilt: { kind: 'body' }, sha256: 'd', bytes, pieces: 1, generation, timings };
}

/** What the probation says after `count` such messages. */
function after(probation: RuleProbation, count: number, one: ScanReport): string | undefined {
  let reason: string | undefined;
  for (let i = 0; i < count; i += 1) {
    reason ??= probation.observe(one);
  }
  return reason;
}

function onProbation(usual = LEAST_MESSAGES, now = (): number => 0): RuleProbation {
  const probation = new RuleProbation('old', now);
  after(probation, usual, report('old'));
  probation.begin('new');
  return probation;
}

describe('rules on probation', () => {
  it('stay when they do what the ones before did', () => {
    const probation = onProbation();
    assert.equal(after(probation, PROBATION_MESSAGES - 1, report('new')), undefined);
    assert.ok(probation.isOn);
    after(probation, 1, report('new'));
    assert.ok(!probation.isOn);
    assert.equal(after(probation, 100, report('new', FAILED)), undefined);
  });

  it('are not watched for ever', () => {
    let now = 0;
    const probation = onProbation(LEAST_MESSAGES, () => now);
    now = PROBATION_MS - 1;
    probation.observe(report('new'));
    assert.ok(probation.isOn);
    now = PROBATION_MS;
    probation.observe(report('new'));
    assert.ok(!probation.isOn);
  });

  it('go when scans fail, and not for a few failures', () => {
    const probation = onProbation();
    assert.equal(after(probation, LEAST_FAILURES - 1, report('new', FAILED)), undefined);
    assert.match(probation.observe(report('new', FAILED)) ?? '', /scans fail/);
  });

  it('stay when as many scans failed before', () => {
    const probation = new RuleProbation('old', () => 0);
    after(probation, LEAST_MESSAGES, report('old', FAILED));
    probation.begin('new');
    assert.equal(after(probation, LEAST_MESSAGES, report('new', FAILED)), undefined);
  });

  it('go when matching got slow, and not before that is certain', () => {
    assert.equal(after(onProbation(), LEAST_MESSAGES - 1, report('new', CLEAN, 30)), undefined);
    assert.match(after(onProbation(), LEAST_MESSAGES, report('new', CLEAN, 30)) ?? '', /as long/);
    assert.equal(after(onProbation(), LEAST_MESSAGES, report('new', CLEAN, 15)), undefined);
    assert.equal(after(onProbation(), LEAST_MESSAGES, report('new', CLEAN, 30, 500_000)), undefined);
  });

  it('go when they find far more, and not for a few detections', () => {
    const probation = onProbation();
    assert.equal(after(probation, LEAST_DETECTIONS - 1, report('new', BAD)), undefined);
    assert.match(probation.observe(report('new', BAD)) ?? '', /malicious/);
  });

  it('need more than half of the mail to be malicious when there is nothing to compare with', () => {
    const probation = onProbation(LEAST_MESSAGES - 1);
    after(probation, LEAST_DETECTIONS, report('new'));
    assert.equal(after(probation, LEAST_DETECTIONS, report('new', BAD)), undefined);
    assert.match(probation.observe(report('new', BAD)) ?? '', /malicious/);
  });

  it('are not blamed for what others judged', () => {
    const probation = onProbation();
    assert.equal(after(probation, 100, report('old', FAILED)), undefined);
  });
});
