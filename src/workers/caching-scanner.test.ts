import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { LARGE_BYTES } from '../scan/content-key.ts';
import type { MessageBytes, ScanReport, ScanRequest, Scanner } from '../scan/scanner.ts';
import type { Verdict } from '../scan/verdict.ts';
import { createCachingScanner } from './caching-scanner.ts';
import type { JudgeOptions, JudgingScanner } from './judging-scanner.ts';
import { digestMessage, nameContent } from './message-source.ts';
import type { NamedContent } from './scan-job.ts';
import { FakeClock, mail, request, withFile } from './pool-fixture.ts';
import type { SharedVerdicts } from './shared-verdicts/shared-verdicts.ts';
import type { VerdictName } from './shared-verdicts/verdict-seal.ts';

/** Answers by hand, and notes what it was asked. */
class FakeInner implements JudgingScanner {
  generation = 'g1';
  verdict: Verdict = { kind: 'clean' };
  /** What the worker read, when it is not what was asked for. */
  misread: string | undefined;
  readonly judged: (JudgeOptions & { readonly request: ScanRequest })[] = [];
  named = 0;
  gate: Promise<void> = Promise.resolve();

  async judge(asked: ScanRequest, options: JudgeOptions = {}): Promise<ScanReport> {
    this.judged.push({ ...options, request: asked });
    const { generation } = this;
    await this.gate;
    return {
      verdict: this.verdict,
      guilt: { kind: 'body' },
      sha256: this.misread ?? digestMessage(asked.message),
      bytes: asked.message.byteLength,
      pieces: 1,
      generation,
      timings: { queueMs: 1, decodeMs: 2, matchMs: 3, totalMs: 6 },
    };
  }
  async name(message: MessageBytes): Promise<NamedContent | undefined> {
    this.named += 1;
    return nameContent(message);
  }
  async digest(message: MessageBytes): Promise<string | undefined> {
    return digestMessage(message);
  }
  async scan(): Promise<never> {
    throw new Error('not asked for');
  }
  async neutralise(): Promise<[]> {
    return [];
  }
  async locate(): Promise<{ offsets: number[]; more: boolean }> {
    return { offsets: [7], more: false };
  }
}

/** What another gateway may know. */
class FakeShared implements SharedVerdicts {
  readonly known = new Map<string, ScanReport>();
  readonly stored: ScanReport[] = [];
  gate: Promise<void> = Promise.resolve();
  asked = 0;

  async find({ sha256, subject, generation }: VerdictName): Promise<ScanReport | undefined> {
    this.asked += 1;
    await this.gate;
    return this.known.get(`${generation} ${subject} ${sha256}`);
  }

  store(report: ScanReport): void {
    this.stored.push(report);
  }
}

function fixture(shared?: SharedVerdicts): { inner: FakeInner; scanner: Scanner; lookups: string[] } {
  const inner = new FakeInner();
  const lookups: string[] = [];
  const onLookup = (outcome: string): number => lookups.push(outcome);
  const clock = new FakeClock();
  const scanner = createCachingScanner(inner, { maxEntries: 10, maxAgeMs: 1_000, clock, onLookup, shared });
  return { inner, scanner, lookups };
}

describe('caching scanner', () => {
  it('judges the same content once, and answers later with its own timings', async () => {
    const { inner, scanner, lookups } = fixture();
    await scanner.scan(request(mail('same')));
    const again = await scanner.scan(request(mail('same'), { user: 'bob' }));
    await scanner.scan(request(mail('other')));
    assert.equal(inner.judged.length, 2);
    assert.deepEqual(again.timings, { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 });
    assert.deepEqual(lookups, ['miss', 'hit', 'miss']);
  });

  it('tells the pool which content it is, so that twins share a job', async () => {
    const { inner, scanner } = fixture();
    const large = Buffer.alloc(LARGE_BYTES, 'large');
    for (const content of [mail('short'), large, Buffer.from(large), mail('x'.repeat(1_000))]) {
      inner.generation += 'x'; // nothing is known
      await scanner.scan(request(content));
    }
    const [short, first, again, middle] = inner.judged.map(({ content }) => content);
    assert.equal(first?.key, again?.key);
    assert.notEqual(first?.key, short?.key);
    assert.deepEqual([short?.sha256, first?.sha256], [undefined, undefined]);
    assert.equal(middle?.sha256, hash('sha256', mail('x'.repeat(1_000))));
  });

  it('leaves it to a thread to find out what is very large, or in a file', async () => {
    const { inner, scanner } = fixture();
    const largest = Buffer.alloc(4 * 1024 * 1024);
    await scanner.scan(request(largest));
    assert.equal(inner.named, 0);
    const larger = Buffer.alloc(largest.length + 1);
    await scanner.scan(request(larger));
    assert.equal(inner.named, 1);
    await withFile(mail('small'), async (message) => await scanner.scan(request(message)));
    assert.equal(inner.named, 2);
    assert.equal(inner.judged[2]?.content?.sha256, hash('sha256', mail('small')));
  });

  it('keeps messages and fragments, and generations, apart', async () => {
    const { inner, scanner } = fixture();
    await scanner.scan(request(mail('same')));
    await scanner.scan(request(mail('same'), { subject: 'fragment' }));
    inner.generation = 'g2';
    await scanner.scan(request(mail('same')));
    assert.equal(scanner.generation, 'g2');
    assert.equal(inner.judged.length, 3);
  });

  it('does not keep a timeout', async () => {
    const { inner, scanner } = fixture();
    inner.verdict = { kind: 'unscannable', cause: 'timeout', findings: [] };
    await scanner.scan(request(mail('slow')));
    inner.verdict = { kind: 'clean' };
    assert.equal((await scanner.scan(request(mail('slow')))).verdict.kind, 'clean');
  });

  it('does not keep a verdict on other bytes than were asked about', async () => {
    const { inner, scanner } = fixture();
    inner.misread = hash('sha256', 'something else');
    await withFile(mail('mine'), async (message) => {
      await scanner.scan(request(message));
      await scanner.scan(request(message));
    });
    await scanner.scan(request(Buffer.from('something else')));
    assert.equal(inner.judged.length, 3);
  });

  it('keeps the report of a scan whose caller has left', async () => {
    const { inner, scanner } = fixture();
    const { promise, resolve } = Promise.withResolvers<void>();
    inner.gate = promise;
    const controller = new AbortController();
    const left = scanner.scan(request(mail('slow')), controller.signal);
    await new Promise((done) => setImmediate(done));
    controller.abort(new Error('client left'));
    await assert.rejects(left, /client left/);
    resolve();
    await new Promise((done) => setImmediate(done));
    await scanner.scan(request(mail('slow')));
    assert.equal(inner.judged.length, 1);
  });

  it('asks nobody for a caller who has left already', async () => {
    const { inner, scanner } = fixture();
    await assert.rejects(scanner.scan(request(mail('x')), AbortSignal.abort(new Error('gone'))), /gone/);
    assert.equal(inner.judged.length, 0);
  });

  it('leaves a message whose memory is too short to the workers', async () => {
    const { inner, scanner } = fixture();
    const buffer = new SharedArrayBuffer(1);
    inner.name = async () => undefined;
    inner.misread = '';
    await scanner.scan(request({ kind: 'memory', buffer, byteLength: 2 }));
    assert.equal(inner.judged[0]?.content, undefined);
  });

  it('passes everything else on', async () => {
    const { scanner } = fixture();
    const { message } = request(mail('x'));
    assert.deepEqual(await scanner.neutralise(message, { kind: 'body' }, ''), []);
    assert.deepEqual((await scanner.locate(message, message)).offsets, [7]);
  });
});

async function judged(content: Buffer): Promise<ScanReport> {
  return await new FakeInner().judge(request(content));
}

describe('verdicts of other gateways', () => {
  it('answer for content that was not seen here, and are kept here from then on', async () => {
    const shared = new FakeShared();
    const { inner, scanner } = fixture(shared);
    const content = mail('seen elsewhere');
    const report = { ...(await judged(content)), verdict: MALICIOUS };
    shared.known.set(`g1 message ${report.sha256}`, report);
    const first = await scanner.scan(request(content));
    const second = await scanner.scan(request(content));
    assert.deepEqual([first.verdict, second.verdict], [MALICIOUS, MALICIOUS]);
    assert.deepEqual([inner.judged.length, shared.asked], [0, 1]);
  });

  it('are told what was judged here, and nothing that is about the moment', async () => {
    const shared = new FakeShared();
    const { scanner } = fixture(shared);
    const content = mail('new');
    await scanner.scan(request(content));
    await scanner.scan(request(content));
    assert.deepEqual(
      shared.stored.map(({ sha256 }) => sha256),
      [hash('sha256', content)],
    );
  });

  it('count for the same length, subject and rules only', async () => {
    const shared = new FakeShared();
    const { inner, scanner } = fixture(shared);
    const content = mail('mine');
    const report = await judged(content);
    shared.known.set(`g1 message ${report.sha256}`, { ...report, bytes: report.bytes + 1 });
    shared.known.set(`g1 fragment ${report.sha256}`, report);
    shared.known.set(`g2 message ${report.sha256}`, report);
    await scanner.scan(request(content));
    assert.equal(inner.judged.length, 1);
  });

  it('keep nobody who leaves', async () => {
    const shared = new FakeShared();
    shared.gate = new Promise(() => undefined);
    const { scanner } = fixture(shared);
    const controller = new AbortController();
    const scanned = scanner.scan(request(mail('slow')), controller.signal);
    controller.abort(new Error('left'));
    await assert.rejects(scanned, /left/u);
  });
});

const MALICIOUS: Verdict = { kind: 'malicious', findings: [] };
