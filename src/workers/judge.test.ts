import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { PipelineResult } from '../scan/pipeline.ts';
import type { Finding, FindingClass } from '../scan/verdict.ts';
import { createJudge, MAX_FINDINGS } from './judge.ts';
import { LIMITS, mail, withFile } from './pool-fixture.ts';
import type { ScanJob, ScanOutcome } from './scan-job.ts';
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

  describe('with a record of unfinished scans', () => {
    const clean = { verdict: { kind: 'clean' }, guilt: { kind: 'ranges', ranges: [] } } as const;
    const done: PipelineResult = { ...clean, sha256: 'd', pieces: 1, decodeMs: 0, matchMs: 0 };
    const content = mail('x');
    const sha256 = hash('sha256', content);

    /** What happens, in order, while one message is judged. */
    async function events(scan: () => Promise<PipelineResult>, job: Partial<ScanJob> = {}, refused = '') {
      const seen: string[] = [];
      const record = {
        refuses: (digest: string) => digest === refused,
        begin: (digest: string) => seen.push(`begin ${digest}`),
        end: (digest: string) => seen.push(`end ${digest}`),
      };
      const pipeline = { scan: () => (seen.push('scan'), scan()) };
      const judge = createJudge(pipeline, { limits: LIMITS, faults: false, record });
      const outcome = judge({ message: inSharedMemory(content), subject: 'message', ...job });
      return { seen, end: await outcome.catch((reason: unknown) => reason) };
    }
    const scanned = [`begin ${sha256}`, 'scan', `end ${sha256}`];

    it('writes the digest before the scan and takes it away after it, also when that fails', async () => {
      assert.deepEqual((await events(async () => done)).seen, scanned);
      assert.deepEqual((await events(() => Promise.reject(new Error('broken')))).seen, scanned);
    });

    it('believes a digest of what lies in memory, and none of a file', async () => {
      assert.deepEqual((await events(async () => done, { sha256: 'known' })).seen[0], 'begin known');
      await withFile(content, async (message) => {
        assert.deepEqual((await events(async () => done, { sha256: 'known', message })).seen, scanned);
      });
    });

    it('knows a message above the limit by all of it', async () => {
      const large = Buffer.alloc(LIMITS.maxMessageBytes + 1, 'x');
      const { seen, end } = await events(async () => done, { message: inSharedMemory(large) });
      assert.equal(seen[0], `begin ${hash('sha256', large)}`);
      assert.partialDeepStrictEqual(end, { sha256: hash('sha256', large), verdict: { cause: 'too-large' } });
    });

    it('does not scan what is refused, and scans everything else', async () => {
      const { seen, end } = await events(async () => done, {}, sha256);
      assert.deepEqual(seen, []);
      assert.partialDeepStrictEqual(end, {
        sha256,
        guilt: { kind: 'body' },
        verdict: { kind: 'unscannable', cause: 'engine-failed' },
      });
      assert.deepEqual((await events(async () => done, {}, 'another')).seen, scanned);
    });

    it('leaves messages of our own out', async () => {
      assert.deepEqual((await events(async () => done, { isOwn: true }, sha256)).seen, ['scan']);
    });
  });
});
