import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PipelineResult } from '../scan/pipeline.ts';
import type { Finding, FindingClass } from '../scan/verdict.ts';
import { createJudge, MAX_FINDINGS } from './judge.ts';
import { LIMITS, mail } from './pool-fixture.ts';
import type { ScanOutcome } from './scan-job.ts';
import { inSharedMemory } from './self-test.ts';

function finding(rule: string, findingClass: FindingClass): Finding {
  return {
    engine: 'yara',
    rule,
    namespace: 'n',
    class: findingClass,
    severity: 'high',
    part: 'raw',
    sha256: 'd',
  };
}

async function judged(result: Partial<PipelineResult>): Promise<ScanOutcome> {
  const answer: PipelineResult = {
    verdict: { kind: 'clean' },
    guilt: { kind: 'ranges', ranges: [] },
    sha256: 'd',
    pieces: 1,
    decodeMs: 0,
    matchMs: 0,
    ...result,
  };
  const judge = createJudge({ scan: async () => answer }, { limits: LIMITS, faults: false });
  return await judge({ message: inSharedMemory(mail('x')), subject: 'message' });
}

const many = (count: number, findingClass: FindingClass) =>
  Array.from({ length: count }, (_, index) => finding(`${findingClass}${index}`, findingClass));
const findingsOf = ({ verdict }: ScanOutcome) => ('findings' in verdict ? verdict.findings : []);

describe('judge', () => {
  it('passes on as many findings as its limit, all in their order', async () => {
    const findings = many(MAX_FINDINGS, 'suspicious');
    assert.deepEqual(findingsOf(await judged({ verdict: { kind: 'suspicious', findings } })), findings);
  });

  it('drops suspicious findings before malicious ones when there are more', async () => {
    const findings = [...many(MAX_FINDINGS, 'suspicious'), finding('bad', 'malicious')];
    const outcome = await judged({ verdict: { kind: 'malicious', findings } });
    assert.equal(outcome.verdict.kind, 'malicious');
    assert.equal(findingsOf(outcome).length, MAX_FINDINGS);
    assert.equal(findingsOf(outcome)[0]?.rule, 'bad');
  });

  it('shortens what a decoder has to say', async () => {
    const detail = 'x'.repeat(201);
    const { verdict } = await judged({
      verdict: { kind: 'unscannable', cause: 'malformed', findings: [], detail },
    });
    assert.equal(verdict.kind === 'unscannable' && verdict.detail, 'x'.repeat(200));
  });
});
