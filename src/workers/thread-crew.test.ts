import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { systemClock } from '../base/clock.ts';
import { FakeClock } from './pool-fixture.ts';
import { ThreadCrew } from './thread-crew.ts';

/** Counts its starts and fails those that it is told to; a job is a word. */
const ENTRY = `
import { workerData } from 'node:worker_threads';
const start = Atomics.add(new Int32Array(workerData.starts), 0, 1);
if (workerData.failing.includes(start)) throw new Error('does not start');
export default (job) => {
  if (job === 'exit') process.exit(1);
  if (job === 'reject') throw new Error('not an answer');
  if (job === 'environment') return { ok: true, value: Object.keys(process.env).join() };
  for (;;) if (job !== 'loop') break;
  return { ok: true, value: job };
};
`;

let folder = '';

/** Is there a courier between? Each case runs without and with one. */
let isDistant = false;

async function withCrew(
  failing: readonly number[],
  use: (crew: ThreadCrew<string, string>, starts: () => number) => Promise<void>,
  clock = systemClock,
): Promise<void> {
  const starts = new SharedArrayBuffer(4);
  const entry = pathToFileURL(join(folder, 'entry.mjs'));
  const data = { starts, failing };
  const crew = new ThreadCrew<string, string>({ entry, threads: 1, heapMb: 32, data, clock, isDistant });
  try {
    await use(crew, () => new Int32Array(starts)[0] ?? 0);
  } finally {
    await crew.destroy();
  }
}

function behaviours(): void {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-crew-'));
    await writeFile(join(folder, 'entry.mjs'), ENTRY);
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('answers, one job after the other on one thread', async () => {
    await withCrew([], async (crew, starts) => {
      const ends = await Promise.all(['a', 'b', 'c'].map(async (job) => await crew.run(job, 60_000)));
      assert.deepEqual(
        ends,
        ['a', 'b', 'c'].map((value) => ({ kind: 'answered', value })),
      );
      assert.equal(starts(), 1);
    });
  });

  it('takes a rejection for a lost answer, since jobs answer what goes wrong', async () => {
    await withCrew([], async (crew) => {
      const end = await crew.run('reject', 60_000);
      assert.equal(end.kind === 'failed' && end.cause, 'crashed');
      assert.equal((await crew.run('a', 60_000)).kind, 'answered');
    });
  });

  it('goes on when a replacement does not start', async () => {
    await withCrew([1], async (crew, starts) => {
      await crew.run('exit', 60_000);
      const first = await crew.run('a', 60_000);
      const second = await crew.run('b', 60_000);
      assert.equal(second.kind, 'answered');
      assert.ok(first.kind === 'answered' || first.cause === 'crashed');
      assert.equal(starts(), 3);
    });
  });

  it('says so when no thread starts at all', async () => {
    await withCrew([0, 1, 2, 3], async (crew) => {
      const end = await crew.run('a', 60_000);
      assert.equal(end.kind === 'failed' && end.cause, 'crashed');
      assert.match(end.kind === 'failed' ? end.detail : '', /does not start/);
    });
  });

  it('does not count the start of a replacement as time of a job', async () => {
    const clock = new FakeClock();
    await withCrew(
      [],
      async (crew) => {
        await crew.run('a', 100);
        const hung = crew.run('loop', 100);
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(100);
        const end = await hung;
        assert.equal(end.kind === 'failed' && end.cause, 'timeout');
        const next = crew.run('a', 100);
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(100);
        assert.deepEqual(await next, { kind: 'answered', value: 'a' });
      },
      clock,
    );
  });

  it('keeps the environment of the process to itself', async () => {
    await withCrew([], async (crew) => {
      const end = await crew.run('environment', 60_000);
      assert.equal(end.kind, 'answered');
      assert.match(end.value, /^(NODE_V8_COVERAGE)?$/);
    });
  });
}

describe('thread crew', behaviours);

describe('thread crew behind a courier', () => {
  before(() => {
    isDistant = true;
  });
  behaviours();
});
