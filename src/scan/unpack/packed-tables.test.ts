import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { openAll, yields } from './open-all.ts';
import { createFontUnpacker, createIconUnpacker } from './packed-tables.ts';
import { chunk, png } from './png-for-test.ts';

const MARKER = 'POSTERN-TEST';
const text = Buffer.from(`${'filler line\n'.repeat(40)}${MARKER}`);
const picture = png(chunk('tEXt', Buffer.from(`Comment\0${MARKER}`, 'latin1')));

/** An icon that holds `parts`; `shift` moves them behind where the table says. */
function icon(parts: readonly Buffer[], kind = 1, shift = 0): Buffer {
  const head = Buffer.alloc(6 + parts.length * 16);
  head.writeUInt16LE(kind, 2);
  head.writeUInt16LE(parts.length, 4);
  let offset = head.length;
  parts.forEach((part, index) => {
    head.writeUInt32LE(part.length, 6 + index * 16 + 8);
    head.writeUInt32LE(offset + shift, 6 + index * 16 + 12);
    offset += part.length;
  });
  return Buffer.concat([head, ...parts]);
}

/** A web font whose tables are `tables`, each stated to be `size` bytes long. */
function font(tables: readonly Buffer[], size = 5_000): Buffer {
  const head = Buffer.alloc(44 + tables.length * 20);
  head.write('wOFF', 0, 'latin1');
  head.writeUInt16BE(tables.length, 12);
  let offset = head.length;
  tables.forEach((table, index) => {
    head.writeUInt32BE(offset, 44 + index * 20 + 4);
    head.writeUInt32BE(table.length, 44 + index * 20 + 8);
    head.writeUInt32BE(size, 44 + index * 20 + 12);
    offset += table.length;
  });
  return Buffer.concat([head, ...tables]);
}

const open = (bytes: Buffer) => openAll(bytes, { unpackers: [createIconUnpacker(), createFontUnpacker()] });

const emptyParts = Array.from({ length: 1_000 }, () => Buffer.alloc(1));

describe('icons', () => {
  it('give the pictures that they hold, cursors as well', async () => {
    for (const kind of [1, 2]) {
      const opened = await open(icon([Buffer.alloc(40), picture], kind));
      assert.equal(opened.pieces.length, 1);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('are none when no picture is where they say', async () => {
    for (const bytes of [icon([picture], 1, 1), icon([]), icon([picture], 3)]) {
      assert.deepEqual((await open(bytes)).pieces, []);
    }
  });

  it('are read up to 1,000 pictures, and further ones are told', async () => {
    assert.deepEqual((await open(icon([picture, ...emptyParts.slice(1)]))).causes, []);
    assert.deepEqual((await open(icon([picture, ...emptyParts]))).causes, ['bomb']);
  });
});

describe('web fonts', () => {
  it('give their compressed tables', async () => {
    const opened = await open(font([deflateSync(text)]));
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, []);
  });

  it('say nothing about tables that are stored, damaged or elsewhere', async () => {
    for (const bytes of [
      font([text], 0),
      font([Buffer.alloc(60, 1)]),
      font([deflateSync(text)]).subarray(0, 50),
    ]) {
      assert.deepEqual((await open(bytes)).causes, []);
    }
  });

  it('end with bomb on a table beyond the limit for one object, and on more than 1,000 tables', async () => {
    assert.ok(
      (await open(font([deflateSync(Buffer.alloc(26_000_000))], 26_000_000))).causes.includes('bomb'),
    );
    assert.deepEqual((await open(font(emptyParts))).causes, []);
    assert.deepEqual((await open(font([picture, ...emptyParts]))).causes, ['bomb']);
  });
});
