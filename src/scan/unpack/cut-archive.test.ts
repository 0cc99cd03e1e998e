import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endsEarly } from './cut-archive.ts';

function sevenZip(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeBigUInt64LE(60n, 12);
  bytes.writeBigUInt64LE(8n, 20);
  return bytes;
}

describe('an archive that ends early', () => {
  it('is one whose directory lies behind its end', () => {
    assert.equal(endsEarly('7z', sevenZip(100)), false);
    assert.equal(endsEarly('7z', sevenZip(99)), true);
  });

  it('is a RAR archive without its last block, unless it is one of several volumes', () => {
    const head = Buffer.from('526172211a0700cf907300000d00000000000000', 'hex');
    const end = Buffer.from('c43d7b00400700', 'hex');
    assert.equal(endsEarly('rar', head), true);
    assert.equal(endsEarly('rar', Buffer.concat([head, end])), false);
    head[10] = 1;
    assert.equal(endsEarly('rar', head), false);
  });

  it('is a RAR5 archive without its last block, unless it is one of several volumes', () => {
    const head = Buffer.from('526172211a070100000000000a0100000000', 'hex');
    assert.equal(endsEarly('rar5', head), true);
    assert.equal(endsEarly('rar5', Buffer.concat([head, Buffer.from('1d77565103050400', 'hex')])), false);
    head[15] = 1;
    assert.equal(endsEarly('rar5', head), false);
  });

  it('is no archive of a format that does not tell', () => {
    assert.equal(endsEarly('arj', Buffer.alloc(10)), false);
  });
});
