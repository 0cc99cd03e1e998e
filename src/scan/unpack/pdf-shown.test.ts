import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_STRANGE_BYTES, shownText } from './pdf-shown.ts';

function shown(content: string): string | undefined {
  return shownText(Buffer.from(content, 'latin1'))?.toString('latin1');
}

/** Bytes of the text of a page with so many letters, each of which stands for `character`. */
function lengthOf(character: string, count: number): number {
  const characters = new Map([[0x61, Buffer.from(character)]]);
  const page = `BT /F1 12 Tf (${'a'.repeat(count)}) Tj`;
  return shownText(Buffer.from(page), () => ({ width: 1, characters }))?.length ?? 0;
}

describe('the text of a page', () => {
  it('is what its strings say', () => {
    assert.equal(shown('BT [(POS) 20 (TE) -5 (RN)] TJ ET'), 'POSTERN\n');
    assert.equal(shown(String.raw`BT (a\)b\\c\n\101\08\q\5) Tj`), 'a)b\\c\nA\u00008q\u0005');
    assert.equal(shown('BT <50 4f\n53 5> Tj'), 'POS');
    assert.equal(shown('BT (one) Tj T* (two) Tj ET'), 'one\ntwo\n');
    assert.equal(shown("BT/F1 12 Tf(one)'"), 'one');
  });

  it('has a blank where the letters are so far apart and none where they are nearer', () => {
    assert.equal(shown('BT [(a)-200(b) -200.5 <63>] TJ'), 'a b c');
    assert.equal(shown('BT [(a)-199(b) -199.9 <63>] TJ'), 'abc');
  });

  it('goes on behind a string that is not closed', () => {
    assert.equal(shown('BT (never (a) Tj <4x (b) Tj'), 'ab');
  });

  it('is none in data that only have some of its letters', () => {
    for (const data of ['xBTx (a) Tj', 'BT (a) Td', 'ABT (a) Tj', '(a) Tj', '']) {
      assert.equal(shown(data), undefined, data);
    }
  });

  it('is read behind any amount of drawing', () => {
    const drawing = '0 0 -12.5 7 re f\n'.repeat(200_000);
    assert.equal(shown(`${drawing}BT (POS) Tj (TERN) Tj`), 'POSTERN');
  });

  it('is read behind bytes that no operator has, up to a limit, and again where text begins again', () => {
    const strange = '\u0090'.repeat(MAX_STRANGE_BYTES);
    assert.equal(shown(`BT ${strange} (a) Tj`), 'a');
    assert.equal(shown(`BT (a) Tj ${strange}\u0090 (b) Tj`), 'a');
    assert.equal(shown(`BT (a) Tj ${strange}\u0090 BT (b) Tj ${strange} (c) Tj`), 'abc');
    assert.equal(shown(`BT (${strange}) Tj (${strange}) Tj (b) Tj`), `${strange}${strange}b`);
  });

  it('takes linear time', () => {
    for (const unit of ['(', '<', '<4', '-1', '-200 (', '(\\', 'BT ', ')  ', '(a)Tj ']) {
      const content = `BT ${unit.repeat(1_000_000)}(b) Tj`;
      assert.ok((shown(content) ?? '').endsWith('b'), unit);
    }
  });

  it('is, by the map of a font, four times as long as the page at most', () => {
    assert.equal(lengthOf('\u4e00', 1_000), 3_000);
    assert.equal(lengthOf('x'.repeat(12), 1_000), Math.ceil((4 * 1_018) / 12) * 12);
  });
});
