import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { RecordingLog } from '../test/support/recording-log.ts';
import { systemClock } from './base/clock.ts';
import { configSchema } from './base/config/schema.ts';
import { createMetrics } from './base/metrics.ts';
import { openUnfinishedScans } from './unfinished-scans.ts';
import { ScanRecord } from './workers/unfinished/scan-record.ts';
import { termsDigest } from './workers/unfinished/suspects.ts';

const parent = mkdtempSync(join(tmpdir(), 'postern-unfinished-'));
after(() => rmSync(parent, { recursive: true }));
const DIGEST = hash('sha256', 'a message');
const OTHER = hash('sha256', 'another one');

/** A process with a quarantine at `path`; it ends at once, while it scans `digests`. */
async function ended(path: string, digests: readonly string[] = [], more: object = {}) {
  const config = configSchema.parse({ upstream: { host: 'a' }, quarantine: { path }, ...more });
  const [log, metrics] = [new RecordingLog(), createMetrics(new Registry())];
  const opened = openUnfinishedScans(config, { log, metrics, clock: systemClock });
  const { access } = opened;
  const threads = digests.map(() => access && new ScanRecord(access, termsDigest('rules'), () => Date.now()));
  const isRefused = threads[0]?.refuses(DIGEST) ?? false;
  threads.forEach((thread, index) => thread?.begin(digests[index] ?? ''));
  opened.close();
  const { values } = await metrics.scanSuspects.get();
  return {
    log,
    access,
    isRefused,
    suspects: Object.fromEntries(values.map((one) => [one.labels.state, one.value])),
  };
}

describe('unfinished scans', () => {
  it('are told at the next start: how many, which, and which are refused', async () => {
    const path = join(parent, 'told');
    const first = await ended(path, [DIGEST]);
    assert.deepEqual([first.log.lines, first.suspects], [[], { refused: 0, watched: 0 }]);
    const second = await ended(path, [DIGEST]);
    assert.deepEqual(second.suspects, { refused: 0, watched: 1 });
    assert.partialDeepStrictEqual(second.log.lines, [
      { level: 'warn', fields: { unfinished: [DIGEST], suspects: 1, refused: 0 } },
    ]);
    const third = await ended(path);
    assert.deepEqual(third.suspects, { refused: 1, watched: 0 });
    assert.partialDeepStrictEqual(third.log.lines, [{ fields: { refusedMessages: [DIGEST] } }]);
    const fourth = await ended(path);
    assert.match(fourth.log.messages()[0] ?? '', /suspected of having ended the process before/u);
  });

  it('get one try more under other settings of scans, and not under others', async () => {
    const path = join(parent, 'settings');
    await ended(path, [DIGEST]);
    await ended(path, [DIGEST]);
    const same = await ended(path, [OTHER], { limits: { maxConnections: 5 } });
    const shared = { sharedVerdicts: { url: 'redis://localhost', secret: 's'.repeat(32) } };
    const alsoSame = await ended(path, [OTHER], { scan: shared });
    assert.deepEqual([same.isRefused, alsoSame.isRefused], [true, true]);
    const heap = await ended(path, [OTHER], { scan: { workerHeapMb: 512 } });
    assert.equal(heap.isRefused, false);
  });

  it('hold nothing but digests and times', async () => {
    const path = join(parent, 'content');
    await ended(path, [DIGEST]);
    const text = readFileSync(join(path, 'unfinished-scans'), 'latin1');
    assert.ok(/^postern unfinished scans 1 *\n(?:[0-9a-f ]*\n)+$/u.test(text), text.slice(0, 500));
  });

  it('are not recorded where nothing can be written, which is said once', async () => {
    const path = join(parent, 'file');
    writeFileSync(path, '');
    const { access, log } = await ended(path);
    assert.equal(access, undefined);
    assert.partialDeepStrictEqual(log.lines, [{ level: 'warn', fields: { folder: path } }]);
    assert.equal(log.lines.length, 1);
  });

  it('of a damaged file begin anew, which is said', async () => {
    const path = join(parent, 'damaged');
    await ended(path, [DIGEST]);
    writeFileSync(join(path, 'unfinished-scans'), 'something else');
    const { log, suspects } = await ended(path);
    assert.deepEqual(log.messages(), ['the record of unfinished scans was damaged and begins anew']);
    assert.deepEqual(suspects, { refused: 0, watched: 0 });
  });
});
