import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateRawSync } from 'node:zlib';
import { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import type { Unpacker } from '../unpack/unpacker.ts';
import { contentCodingUnpacker } from './content-coding.ts';
import { TextLikeness } from './inline/text-likeness.ts';
import { createTextRepairs, withoutOverlong } from './text-repairs.ts';

interface Seen {
  readonly texts: string[];
  readonly causes: string[];
}

async function seenBy(unpacker: Unpacker, facts: Partial<Piece> & { bytes: Buffer }): Promise<Seen> {
  const piece: Piece = { path: '1', depth: 0, ...facts };
  const seen: Seen = { texts: [], causes: [] };
  if (unpacker.recognises(piece)) {
    await unpacker.unpack(piece, {
      budget: new Budget({ ...TEST_LIMITS, maxObjectBytes: 100_000 }, () => 0),
      emit: (_, content) => void seen.texts.push(Buffer.from(content).toString('latin1')),
      cannot: (cause) => void seen.causes.push(cause),
      passwords: () => [],
    });
  }
  return seen;
}

function textOf(length: number): Buffer {
  return Buffer.from('a\0b'.padEnd(length, 'c'));
}

function packed(length: number): { bytes: Buffer; codings: string[] } {
  return { bytes: deflateRawSync(Buffer.alloc(length, 'a')), codings: ['deflate'] };
}

describe('overlong UTF-8', () => {
  it('becomes the characters that it means', () => {
    const bytes = Buffer.from('61c1a2e081a3f08081a4f8808081a5fc80808081a667', 'hex');
    assert.equal(withoutOverlong(bytes)?.toString(), 'abcdefg');
  });

  it('is not seen in UTF-8, in Latin-1, or in a sequence that is cut', () => {
    assert.equal(withoutOverlong(Buffer.from('Grüße, 你好, 😀')), undefined);
    assert.equal(withoutOverlong(Buffer.from('À la carte, déjà vu', 'latin1')), undefined);
    assert.equal(withoutOverlong(Buffer.from('61c1', 'hex')), undefined);
    assert.equal(withoutOverlong(Buffer.from('e08162', 'hex')), undefined);
  });
});

describe('characters that are not shown', () => {
  const repairs = createTextRepairs(new TextLikeness());

  it('are left out of a text', async () => {
    const { texts } = await seenBy(repairs, { bytes: Buffer.from('a\0b\x08c\x0e\x0fd'), type: 'text/plain' });
    assert.deepEqual(texts, ['abcd']);
  });

  it('are looked for neither in plain text nor in what is data', async () => {
    assert.deepEqual(await seenBy(repairs, { bytes: Buffer.from('plain text\r\n') }), {
      texts: [],
      causes: [],
    });
    const data = { bytes: Buffer.alloc(100), type: 'text/plain' };
    assert.deepEqual(await seenBy(repairs, data), { texts: [], causes: [] });
  });

  it('are looked for inside a container up to a size', async () => {
    const inside = { depth: 1, type: 'text/plain' };
    assert.equal((await seenBy(repairs, { bytes: textOf(16 * 1024), ...inside })).texts.length, 1);
    assert.equal((await seenBy(repairs, { bytes: textOf(16 * 1024 + 1), ...inside })).texts.length, 0);
  });
});

describe('a content coding', () => {
  const text = 'hello '.repeat(10);

  it('is undone, the last one first', async () => {
    const bytes = brotliCompressSync(deflateRawSync(text));
    const { texts } = await seenBy(contentCodingUnpacker, { bytes, codings: ['deflate', 'br'] });
    assert.equal(texts.at(-1), text);
  });

  it('that is none, or that the bytes do not have, is nothing', async () => {
    const bytes = Buffer.from(text);
    for (const codings of [['identity'], ['8bit'], ['br'], ['zstd']]) {
      assert.deepEqual((await seenBy(contentCodingUnpacker, { bytes, codings })).causes, [], codings[0]);
    }
  });

  it('expands to the limit of one object and not beyond', async () => {
    assert.deepEqual((await seenBy(contentCodingUnpacker, packed(100_000))).causes, []);
    assert.deepEqual((await seenBy(contentCodingUnpacker, packed(100_001))).causes, ['bomb']);
  });
});
