import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { spareRoom } from './spare-room.ts';

function patch(text: string, offset = 100) {
  return { offset, bytes: Buffer.from(text, 'latin1') };
}

function after(text: string, bytes: number): string | undefined {
  const edits = spareRoom([patch(text)], bytes);
  if (edits === undefined) return undefined;
  let out = '';
  let at = 0;
  for (const { offset, remove } of edits) {
    out += text.slice(at, offset - 100);
    at = offset - 100 + remove;
  }
  return out + text.slice(at);
}

describe('room in the padding of a substitute', () => {
  it('is what repeats on a line, never the first character of a run, a line end or a word', () => {
    assert.equal(after('[Removed] ##\r\n#####\r\n#\r\n', 4), '[Removed] #\r\n##\r\n#\r\n');
    assert.equal(after('[Removed] ##\r\n#####\r\n', 5), '[Removed] #\r\n#\r\n');
  });

  it('is whole groups in base64, so that what is left decodes to the same words', () => {
    const notice = 'Removed here.'.padEnd(600, '#');
    const coded = Buffer.from(notice).toString('base64').replaceAll(/.{76}/gu, '$&\r\n');
    const left = after(coded, 96) ?? '';
    assert.equal(left.length, coded.length - 96);
    const decoded = Buffer.from(left, 'base64').toString();
    assert.equal(decoded, 'Removed here.'.padEnd(600 - 72, '#'));
    assert.equal(left.split('\r\n').length, coded.split('\r\n').length);
  });

  it('is there up to the last group', () => {
    const coded = 'IyMj'.repeat(4);
    assert.equal(after(coded, 12), 'IyMj');
    assert.equal(after(coded, 16), undefined);
  });

  it('is the end of the last lines when there is no padding, never a whole line and no blank laid bare', () => {
    const substitute = '[Postern removed\r\nthis content.\r\n';
    assert.equal(after(substitute, 8), '[Postern rem\r\nthis cont\r\n');
    assert.equal(after(substitute, 24), '[Pos\r\nt\r\n');
    assert.equal(after(substitute, 28), undefined);
    assert.equal(after('a=20bcdefgh=\r\n', 4), 'a=20bcd=\r\n');
    assert.equal(after('a=20bcde=\r\n', 4), undefined);
    assert.equal(after('abcdef=20\r\n', 4), undefined);
    assert.equal(after('QUJDREVG==\r\n', 4), 'QUJD==\r\n');
  });

  it('is taken from several patches, and named in the order of the message', () => {
    const edits = spareRoom([patch('###', 10), patch('####', 50)], 4);
    assert.deepEqual(edits, [
      { offset: 11, remove: 2, insert: '' },
      { offset: 51, remove: 2, insert: '' },
    ]);
    assert.deepEqual(spareRoom([], 0), []);
    assert.equal(spareRoom([], 4), undefined);
  });
});
