import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentKey } from './content-key.ts';
import { PieceLedger } from './piece-ledger.ts';
import { MAX_FINDINGS, ScanOutcome } from './scan-outcome.ts';
import type { Finding, FindingClass, Verdict } from './verdict.ts';

const sha256 = 'ab'.repeat(32);

function finding(findingClass: FindingClass, rule: string): Finding {
  const about = { engine: 'test', namespace: 'test', severity: 'high', part: '1', sha256 } as const;
  return { ...about, class: findingClass, rule };
}

function many(findingClass: FindingClass, count: number): Finding[] {
  return Array.from({ length: count }, (_, index) => finding(findingClass, `${findingClass}_${index}`));
}

function verdictOn(...batches: readonly (readonly Finding[])[]): Verdict {
  const outcome = new ScanOutcome();
  const { record } = new PieceLedger().note(ContentKey.of(Buffer.from('piece')), { range: undefined });
  for (const batch of batches) {
    outcome.found(record, batch);
  }
  return outcome.verdict();
}

function findingsOf(verdict: Verdict): readonly Finding[] {
  return 'findings' in verdict ? verdict.findings : [];
}

describe('the findings of one message', () => {
  it('are all told up to the limit, and no more beyond', () => {
    assert.equal(findingsOf(verdictOn(many('malicious', MAX_FINDINGS))).length, MAX_FINDINGS);
    assert.equal(findingsOf(verdictOn(many('malicious', MAX_FINDINGS + 1))).length, MAX_FINDINGS);
  });

  it('keep what is malicious when suspicious ones came first and fill the limit', () => {
    const verdict = verdictOn(many('suspicious', MAX_FINDINGS + 1), [finding('malicious', 'last')]);
    assert.equal(verdict.kind, 'malicious');
    assert.equal(findingsOf(verdict)[0]?.rule, 'last');
    assert.equal(findingsOf(verdict).length, MAX_FINDINGS);
  });

  it('make the piece guilty that is beyond the limit', () => {
    const outcome = new ScanOutcome();
    const ledger = new PieceLedger();
    outcome.found(
      ledger.note(ContentKey.of(Buffer.from('first')), { range: undefined }).record,
      many('malicious', MAX_FINDINGS),
    );
    const { record } = ledger.note(ContentKey.of(Buffer.from('second')), { range: undefined });
    outcome.found(record, [finding('malicious', 'late')]);
    assert.equal(record.isGuilty, true);
  });
});
