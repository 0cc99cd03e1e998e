import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Piece } from '../scan/piece.ts';
import { createPipeline } from '../scan/pipeline.ts';
import { TEST_LIMITS } from '../scan/test-limits.ts';
import { createUnpackers } from '../scan/unpack/index.ts';
import { practiceMail } from './practice-mail.ts';
import { practiceClock, rehearse } from './rehearsal.ts';

const now = () => performance.now();

async function piecesOf(message: Uint8Array): Promise<{ kind: string; paths: string[] }> {
  const paths: string[] = [];
  const engine = {
    name: 'paths',
    inspect: (piece: Piece) => {
      paths.push(piece.path);
      return [];
    },
  };
  const pipeline = createPipeline({
    engines: [engine],
    unpackers: createUnpackers(),
    limits: TEST_LIMITS,
    now,
  });
  const { verdict } = await pipeline.scan(message, 'message');
  return { kind: verdict.kind, paths };
}

test('practice mail is clean, and what it holds is unpacked', async () => {
  const seen = await Promise.all(practiceMail().map(piecesOf));
  assert.deepEqual([...new Set(seen.map(({ kind }) => kind))], ['clean']);
  const paths = seen.flatMap((one) => one.paths);
  for (const inner of ['2/a.txt', '2/word_document.xml', '2/streams']) {
    assert.ok(paths.includes(inner), `${inner} in ${paths.join(' ')}`);
  }
});

test('practice mail is ordinary: the second reader is asked about a sample of it only', async () => {
  const seen = await Promise.all(practiceMail().map(piecesOf));
  const asked = seen.filter(({ paths }) => paths.some((path) => path.startsWith('mailparser')));
  assert.ok(asked.length < seen.length / 4, asked.map(({ paths }) => paths.join(' ')).join('\n'));
});

test('a rehearsal ends with the message during which its time is over', async () => {
  let [time, scans] = [0, 0];
  const scanned = {
    verdict: { kind: 'clean' },
    guilt: { kind: 'body' },
    sha256: '',
    pieces: 1,
    decodeMs: 0,
    matchMs: 0,
  } as const;
  const pipeline = {
    scan: async () => {
      scans += 1;
      time += 10;
      return scanned;
    },
  };
  assert.equal(await rehearse(pipeline, 1_000, () => time), scanned);
  assert.equal(scans, 100);
});

test('practice lasts as long on a busy machine, but at most three times on the wall', async () => {
  const spent = practiceClock();
  await delay(30);
  assert.ok(spent() >= 9, 'a third of what has passed counts');
  const before = spent();
  const { user, system } = process.threadCpuUsage();
  while (true) {
    const now = process.threadCpuUsage();
    if (now.user + now.system - user - system > 50_000) break;
  }
  assert.ok(spent() - before >= 30, 'and what the thread computes');
});
