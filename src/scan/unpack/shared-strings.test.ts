import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { continuedStrings } from './shared-strings.ts';

function record(kind: number, ...contents: readonly (string | readonly number[] | Buffer)[]): Buffer {
  const content = Buffer.concat(contents.map((one) => Buffer.from(one)));
  const head = Buffer.alloc(4);
  head.writeUInt16LE(kind, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}

const BEGIN = record(0x809, [0, 6, 5, 0]);
const COUNTS = [2, 0, 0, 0, 2, 0, 0, 0];

function wide(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

function read(...records: readonly Buffer[]): string | undefined {
  return continuedStrings(Buffer.concat([BEGIN, ...records]))?.toString();
}

describe('the texts of the cells of a workbook', () => {
  it('are put together where they go on in other records, one byte a letter or two', () => {
    const first = record(0xfc, COUNTS, [1, 0, 0], 'a', [12, 0, 0], 'POST');
    assert.equal(read(first, record(0x3c, [1], wide('ERN-')), record(0x3c, [0], 'TEST')), 'POSTERN-TEST\n');
  });

  it('may have runs of letters and phonetics behind them, over the end of a record', () => {
    const runs = record(0xfc, COUNTS, [1, 0, 0x0c, 2, 0, 3, 0, 0, 0], 'a', [1, 2, 3, 4, 5, 6]);
    const rest = record(0x3c, [7, 8, 1, 2, 3], [4, 0, 1], wide('PO'));
    assert.equal(read(runs, rest, record(0x3c, [0], 'ST')), 'POST\n');
  });

  it('are left where they stand in one record, and where nothing goes on', () => {
    assert.equal(read(record(0xfc, COUNTS, [4, 0, 0], 'POST'), record(0x3c, [2, 0, 0], 'ab')), undefined);
    assert.equal(read(record(0xfc, COUNTS, [9, 0, 0], 'POST'), record(0x0a)), undefined);
  });

  it('may be results of formulas, and texts of shapes', () => {
    const result = [record(0x207, [6, 0, 0], 'PO'), record(0x3c, [1], wide('ST')), record(0x3c, [0], 'ER')];
    const shape = record(0x1b6, Buffer.alloc(10), [4, 0], Buffer.alloc(6));
    const note = [shape, record(0x3c, [1], wide('NT')), record(0x3c, [0], 'ES'), record(0x3c, [0, 0, 0, 0])];
    assert.equal(read(...result, ...note, record(0x207, [2, 0, 0], 'ab')), 'POSTER\nNTES\n');
    assert.equal(read(shape, record(0x3c, [0], 'NTES'), record(0x3c, [0, 0, 0, 0])), undefined);
  });

  it('end where the file ends', () => {
    const cut = Buffer.concat([
      BEGIN,
      record(0xfc, COUNTS, [99, 0, 0], 'POST'),
      record(0x3c, [1], wide('ERN')),
    ]);
    for (let end = BEGIN.length; end < cut.length; end += 1) {
      assert.doesNotThrow(() => continuedStrings(cut.subarray(0, end)));
    }
    assert.equal(continuedStrings(cut)?.toString(), 'POSTERN\n');
  });
});
