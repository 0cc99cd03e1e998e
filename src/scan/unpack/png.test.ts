import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { openAll, yields, type Opened } from './open-all.ts';
import { chunk, png } from './png-for-test.ts';
import { createPngUnpacker } from './png.ts';

const MARKER = 'POSTERN-TEST';
const text = Buffer.from(`${'filler line\n'.repeat(40)}${MARKER}`);

function keyed(type: string, behind: string, packed: Buffer): Buffer {
  return chunk(type, Buffer.concat([Buffer.from(`Comment\0${behind}`, 'latin1'), packed]));
}

function open(bytes: Buffer): Promise<Opened> {
  return openAll(bytes, { unpackers: [createPngUnpacker()] });
}

function many(one: Buffer, count: number): Buffer {
  return png(...Array.from({ length: count }, () => one));
}

describe('PNG', () => {
  const packed = deflateSync(text);
  const rows = deflateSync(Buffer.concat([Buffer.alloc(1), text]));
  const shapes: Record<string, Buffer> = {
    'a compressed text': keyed('zTXt', '\0', packed),
    'a compressed international text': keyed('iTXt', '\u0001\0en\0word\0', packed),
    'a colour profile': keyed('iCCP', '\0', packed),
    'text instead of pixels': chunk('IDAT', rows),
    'text instead of pixels, cut in two': Buffer.concat([
      chunk('IDAT', rows.subarray(0, 20)),
      chunk('IDAT', rows.subarray(20)),
    ]),
  };
  for (const [shape, chunks] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => {
      const opened = await open(png(chunks));
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('leaves pixels alone', async () => {
    const pixels = Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 37) & 255));
    const opened = await open(png(chunk('IDAT', deflateSync(pixels))));
    assert.deepEqual(opened.pieces, []);
    assert.deepEqual(opened.causes, []);
  });

  it('says nothing about damaged texts', async () => {
    const damaged = Buffer.from(packed).fill(0xff, 10, 20);
    const opened = await open(png(keyed('zTXt', '\0', damaged), keyed('zTXt', '\0', Buffer.alloc(0))));
    assert.deepEqual(opened.causes, []);
  });

  it('reads 500 texts and 10,000 chunks, and tells of further ones', async () => {
    const text = keyed('zTXt', '\0', packed);
    assert.deepEqual((await open(many(text, 500))).causes, []);
    assert.deepEqual((await open(many(text, 501))).causes, ['bomb']);
    const empty = chunk('IDAT', Buffer.alloc(0));
    assert.deepEqual((await open(many(empty, 9_998))).causes, []);
    assert.deepEqual((await open(many(empty, 10_001))).causes, ['bomb']);
  });

  it('ends with bomb on a text beyond the limit for one object, and on many below it', async () => {
    const one = png(keyed('zTXt', '\0', deflateSync(Buffer.alloc(26_000_000))));
    assert.ok((await open(one)).causes.includes('bomb'));
    const some = keyed('zTXt', '\0', deflateSync(Buffer.alloc(4_000_000)));
    const opened = await open(png(...Array.from({ length: 40 }, () => some)));
    assert.equal(opened.stopped?.scanCause, 'bomb');
  });
});
