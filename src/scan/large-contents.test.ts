import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Engine } from './engines/engine.ts';
import { MIN_LATE_BYTES } from './late-bytes.ts';
import { createPipeline } from './pipeline.ts';
import type { Piece } from './piece.ts';
import { TEST_LIMITS } from './test-limits.ts';
import { createUnpackers } from './unpack/index.ts';

const MARKER = 'POSTERN-TEST';
/** Quoted-printable in which decoders differ: a soft break inside an escape, and blanks at line ends. */
const TORN_LINE = '<td class=3D"a">wor=\r\n  ds =3=\r\n5 more</td> \r\n';

function torn(bytes: number, end: string): Buffer {
  const lines = TORN_LINE.repeat(Math.ceil(bytes / TORN_LINE.length));
  const head = 'Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';
  return Buffer.from(`From: a@example.org\r\n${head}${lines}${end}\r\n`);
}

function engineOf(look: (piece: Piece) => void): Engine {
  return {
    name: 'look',
    inspect: (piece) => {
      look(piece);
      return [];
    },
  };
}

async function scan(message: Buffer, look: (piece: Piece) => void, onDiscard?: (bytes: number) => void) {
  const pipeline = createPipeline({
    engines: [engineOf(look)],
    unpackers: createUnpackers(),
    limits: { ...TEST_LIMITS, timeMs: Number.MAX_SAFE_INTEGER },
    now: () => 0,
    ...(onDiscard && { onDiscard }),
  });
  return await pipeline.scan(message, 'message');
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  assert.ok(typeof collect === 'function');
  return () => void [collect(), collect()]; // the second one waits for what the first one gives back
}

async function pathsOf(bytes: number): Promise<string[]> {
  const paths: string[] = [];
  await scan(torn(bytes, 'POSTERN-=54E=\r\nST'), (piece) => {
    const isFound = Buffer.from(piece.bytes).includes(MARKER);
    paths.push(`${piece.path} ${isFound ? 'found' : ''}`);
  });
  return paths;
}

describe('large contents', () => {
  it('are not kept until all readings of a body are made', async () => {
    const message = torn(1.5 * MIN_LATE_BYTES, '');
    const collect = collector();
    collect();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    let seen = 0;
    await scan(message, ({ bytes }) => {
      if (bytes.length >= MIN_LATE_BYTES) {
        collect();
        seen += bytes.length;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    });
    assert.ok(seen > 5 * message.length, `seen ${seen} of a message of ${message.length}`);
    assert.ok(most < 4 * message.length, `held ${most} for a message of ${message.length}`);
  });

  it('are read in every way that small ones are', async () => {
    const small = await pathsOf(MIN_LATE_BYTES / 4);
    const large = await pathsOf(MIN_LATE_BYTES * 1.5);
    assert.ok(small.some((path) => path.endsWith('found')));
    assert.deepEqual(large, small);
  });

  it('are told of when nobody refers to them any more', async () => {
    const message = torn(MIN_LATE_BYTES, '');
    let seen = 0;
    let discarded = 0;
    await scan(
      message,
      ({ bytes }) => void (seen += bytes.length),
      (bytes) => void (discarded += bytes),
    );
    assert.ok(discarded >= seen - message.length, `${discarded} of ${seen}`);
  });
});
