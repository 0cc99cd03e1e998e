import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import { createRuleFile, createRuleSet } from '../rules/rule-set.ts';
import { LARGE_BYTES } from '../scan/content-key.ts';
import type { ScanReport } from '../scan/scanner.ts';
import { LIMITS, mail, MARKER, OPTIONS, request, rulesFor, verdictOf, withFile } from './pool-fixture.ts';
import { createScanPool, defaultWorkers, type ScanPool } from './scan-pool.ts';
import { inSharedMemory } from './self-test.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const fail = (): never => {
  throw new Error('broken hook');
};

describe('scan pool', () => {
  const reports: ScanReport[] = [];
  let pool: ScanPool;
  before(async () => {
    pool = await createScanPool({ ...OPTIONS, hooks: { onReport: (report) => reports.push(report) } });
  });
  after(async () => {
    await pool.close();
  });

  it('judges a message in shared memory and reports everything that is asked for', async () => {
    const content = mail(`Hello ${MARKER}`);
    const report = await pool.scan(request(content));
    assert.equal(verdictOf(report), 'malicious');
    assert.equal(report.sha256, sha256(content));
    assert.equal(report.bytes, content.byteLength);
    assert.equal(report.generation, OPTIONS.rules.generation);
    assert.ok(report.pieces >= 1);
    assert.ok(report.timings.totalMs >= report.timings.queueMs);
    assert.equal(reports.at(-1), report);
  });

  it('finds nothing in clean mail', async () => {
    assert.equal(verdictOf(await pool.scan(request(mail('Hello')))), 'clean');
  });

  it('judges only the announced bytes of a larger memory', async () => {
    const content = mail(`Hello ${MARKER}`);
    const { byteLength } = content.subarray(0, content.indexOf(MARKER));
    const buffer = new SharedArrayBuffer(content.byteLength);
    new Uint8Array(buffer).set(content);
    assert.equal(verdictOf(await pool.scan(request({ kind: 'memory', buffer, byteLength }))), 'clean');
  });

  it('judges a message in an unlinked file', async () => {
    const content = mail(`Hello ${MARKER}`);
    const report = await withFile(content, async (message) => await pool.scan(request(message)));
    assert.equal(verdictOf(report), 'malicious');
    assert.equal(report.sha256, sha256(content));
  });

  it('says engine-failed when the file is shorter than its message', async () => {
    const report = await withFile(mail('short'), async (message) => {
      return await pool.scan(request({ ...message, byteLength: message.byteLength + 1 }));
    });
    assert.equal(verdictOf(report), 'unscannable engine-failed');
  });

  it('reads a message of exactly the limit, and calls one byte more too large', async () => {
    const limit = LIMITS.maxMessageBytes;
    const atLimit = Buffer.alloc(limit, 'Subject: x\r\n\r\n');
    assert.equal(verdictOf(await pool.scan(request(atLimit))), 'clean');
    const over = Buffer.concat([atLimit, Buffer.from('x')]);
    const report = await pool.scan(request(over));
    assert.equal(verdictOf(report), 'unscannable too-large');
    assert.equal(report.sha256, sha256(over));
    assert.equal(report.bytes, limit + 1);
  });

  it('still finds what stands in the part of a too large message that it reads', async () => {
    const over = Buffer.alloc(LIMITS.maxMessageBytes + 1, 'x');
    over.write(`Subject: x\r\n\r\n${MARKER}`, 'latin1');
    const report = await pool.scan(request(over));
    assert.equal(verdictOf(report), 'malicious');
    assert.deepEqual(report.guilt, { kind: 'body' });
  });

  it('neutralises without a change of size', async () => {
    const content = mail(`Hello ${MARKER}`);
    const patches = await pool.neutralise(inSharedMemory(content), { kind: 'body' }, 'removed');
    const patched = Buffer.from(content);
    for (const { offset, bytes } of patches) {
      patched.set(bytes, offset);
    }
    assert.equal(patched.indexOf(MARKER), -1);
    assert.match(patched.toString('latin1'), /^Subject: test\r\n\r\nremoved/);
  });

  it('locates every place of a needle up to its bound', async () => {
    const message = inSharedMemory(Buffer.from('abcabc'));
    const locate = async (needle: string) => await pool.locate(message, inSharedMemory(Buffer.from(needle)));
    assert.deepEqual(await locate('bc'), { offsets: [1, 4], more: false });
    assert.deepEqual(await locate('bd'), { offsets: [], more: false });
    assert.deepEqual(await locate('abcabc'), { offsets: [0], more: false });
    const many = inSharedMemory(Buffer.alloc(17, 'x'));
    const found = await pool.locate(many, inSharedMemory(Buffer.from('x')));
    assert.deepEqual([found.offsets.length, found.more], [16, true]);
    const few = await pool.locate(inSharedMemory(Buffer.alloc(16, 'x')), inSharedMemory(Buffer.from('x')));
    assert.deepEqual([few.offsets.length, few.more], [16, false]);
  });

  it('tells contents apart, of memory and files', async () => {
    const content = Buffer.alloc(LARGE_BYTES, 'content');
    const first = await pool.name(inSharedMemory(content));
    assert.deepEqual(await pool.name(inSharedMemory(content)), first);
    assert.notEqual((await pool.name(inSharedMemory(content.subarray(1))))?.key, first?.key);
    assert.equal(first?.sha256, undefined);
    const inFile = await withFile(content, async (message) => await pool.name(message));
    assert.deepEqual(inFile, { key: sha256(content), sha256: sha256(content) });
  });

  it('computes digests of memory and files', async () => {
    const content = Buffer.alloc(3 * 1024 * 1024 + 1, 'digest');
    assert.equal(await pool.digest(inSharedMemory(content)), sha256(content));
    assert.equal(await withFile(content, async (message) => await pool.digest(message)), sha256(content));
  });

  it('passes its self-test and does not report it as a message', async () => {
    const count = reports.length;
    assert.equal(await pool.selfTest(), true);
    assert.equal(reports.length, count);
  });

  it('tells what it is doing', async () => {
    const running = pool.scan(request(mail('x', 'X-Postern-Fault: delay=20')));
    assert.deepEqual(
      { ...pool.stats(), utilisation: 0 },
      { queued: 0, running: 1, workers: 1, utilisation: 0 },
    );
    await running;
    assert.equal(pool.stats().running, 0);
    assert.ok(pool.stats().utilisation > 0 && pool.stats().utilisation <= 1);
  });
});

describe('scan pool rules', () => {
  it('names file, line, column and code of rules that it refuses at start', async () => {
    const rules = createRuleSet([createRuleFile('bad.yar', 'bad', 'rule bad {\n  condition: nowhere\n}')]);
    await assert.rejects(
      createScanPool({ ...OPTIONS, rules }),
      (reason) =>
        reason instanceof GatewayError &&
        reason.code === 'RULES_INVALID' &&
        reason.message.startsWith('bad.yar:2:14: E009 ') &&
        reason.fields['line'] === 2,
    );
  });

  it('judges as well for a command, which serves nobody else', async () => {
    const pool = await createScanPool({ ...OPTIONS, isAlone: true });
    try {
      const [marked, clean, lost] = await Promise.all([
        pool.scan(request(mail(MARKER))),
        pool.scan(request(mail('nothing'))),
        pool.scan(request(mail(MARKER, 'X-Postern-Fault: exit'))),
      ]);
      assert.deepEqual([marked, clean].map(verdictOf), ['malicious', 'clean']);
      assert.equal(verdictOf(lost), 'unscannable engine-failed');
      assert.equal(verdictOf(await pool.scan(request(mail(MARKER)))), 'malicious');
    } finally {
      await pool.close();
    }
  });

  it('reads a message again for what has to be overwritten, and not where only verdicts are wanted', async () => {
    // Something unusual: the boundary is never closed.
    const unclosed = `--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\nContent-Type: application/x\r\n\r\n${MARKER}\r\n`;
    for (const [verdictsOnly, kind] of [
      [false, 'ranges'],
      [true, 'body'],
    ] as const) {
      const pool = await createScanPool({ ...OPTIONS, verdictsOnly });
      try {
        const report = await pool.scan(
          request(mail(unclosed, 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b')),
        );
        assert.deepEqual([verdictOf(report), report.guilt.kind], ['malicious', kind]);
      } finally {
        await pool.close();
      }
    }
  });

  it('replaces its rules, finishing what runs under the old ones, and keeps them when the new ones are bad', async () => {
    const pool = await createScanPool(OPTIONS);
    try {
      const next = rulesFor('OTHER-MARKER', 'Other');
      const slow = pool.scan(request(mail(MARKER, 'X-Postern-Fault: delay=300')));
      await pool.replaceRules(next);
      assert.equal(pool.generation, next.generation);
      const [before, marker, other] = await Promise.all([
        slow,
        pool.scan(request(mail(MARKER))),
        pool.scan(request(mail('OTHER-MARKER'))),
      ]);
      assert.deepEqual([before, marker, other].map(verdictOf), ['malicious', 'clean', 'malicious']);
      assert.deepEqual(
        [before, marker].map(({ generation }) => generation),
        [OPTIONS.rules.generation, next.generation],
      );
      const bad = createRuleSet([createRuleFile('bad.yar', 'bad', 'rule bad {')]);
      await assert.rejects(pool.replaceRules(bad), { code: 'RULES_INVALID' });
      assert.equal(pool.generation, next.generation);
      assert.equal(verdictOf(await pool.scan(request(mail('OTHER-MARKER')))), 'malicious');
    } finally {
      await pool.close();
    }
  });

  it('keeps working when a hook throws, and lets the defect be seen', async () => {
    const seen = once(process, 'warning');
    const pool = await createScanPool({ ...OPTIONS, hooks: { onReport: fail } });
    try {
      assert.equal(verdictOf(await pool.scan(request(mail(MARKER)))), 'malicious');
      assert.match(String(await seen), /broken hook/);
      assert.equal(pool.stats().running, 0);
    } finally {
      await pool.close();
    }
  });

  it('passes its self-test with rules that know nothing', async () => {
    const pool = await createScanPool({ ...OPTIONS, rules: createRuleSet([]) });
    try {
      assert.equal(await pool.selfTest(), true);
    } finally {
      await pool.close();
    }
  });
});

describe('scan pool size', () => {
  it('leaves a core to the sessions but never has one worker only', () => {
    assert.deepEqual([1, 2, 3, 4, 16].map(defaultWorkers), [2, 2, 2, 3, 15]);
  });
});
