import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TEST_LIMITS } from '../../unpack/open-all.ts';
import { Budget } from '../../budget.ts';
import { BeginWords } from './begin-words.ts';
import { createQuotedLinesUnpacker } from './quoted-lines.ts';
import { TextLikeness } from './text-likeness.ts';

function unquoted(text: string): string[] {
  const unpacker = createQuotedLinesUnpacker(new TextLikeness(), new BeginWords());
  const piece = { path: '1', bytes: Buffer.from(text), depth: 0 };
  const found: string[] = [];
  if (unpacker.recognises(piece)) {
    void unpacker.unpack(piece, {
      budget: new Budget(TEST_LIMITS, () => 0),
      emit: (_, bytes) => found.push(Buffer.from(bytes).toString()),
      cannot: assert.fail,
      passwords: () => [],
    });
  }
  return found;
}

describe('a file in quoted lines', () => {
  it('is read without the mark before each line, up to the first line without one', () => {
    assert.deepEqual(unquoted('You wrote:\n> begin 644 a\n> #86)C\n>\n> end\nbye\n'), [
      'begin 644 a\n#86)C\n\nend\n',
    ]);
    assert.deepEqual(unquoted('>> =ybegin line=128 size=3 name=a\n>> xyz\n'), [
      '=ybegin line=128 size=3 name=a\nxyz\n',
    ]);
  });

  it('is none in prose, and none without a mark', () => {
    assert.deepEqual(unquoted('> we begin 3 days later\n'), []);
    assert.deepEqual(unquoted('begin 644 a\n#86)C\nend\n'), []);
    assert.deepEqual(unquoted('the file: begin 644 a\n'), []);
  });

  it('is one of 32 in a text', () => {
    const file = '> begin 644 a\n> end\n\n';
    assert.equal(unquoted(file.repeat(32)).length, 32);
    assert.equal(unquoted(file.repeat(33)).length, 32);
  });
});
