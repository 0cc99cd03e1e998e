import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openAll, yields } from './open-all.ts';

const MARKER = 'POSTERN-TEST-MARK';

function intel(address: number, kind: number, data: Buffer, wrong = 0): string {
  const head = Buffer.from([data.length, address >> 8, address & 255, kind]);
  const bytes = Buffer.concat([head, data]);
  const sum = bytes.reduce((all, byte) => all + byte, wrong);
  return `:${bytes.toString('hex').toUpperCase()}${Buffer.from([-sum & 255])
    .toString('hex')
    .toUpperCase()}\r\n`;
}

const FIRST = Buffer.from(MARKER.slice(0, 6));
const SECOND = Buffer.from(MARKER.slice(6, 12));
const THIRD = Buffer.from(MARKER.slice(12));
const END = ':00000001FF\r\n';

describe('records of hex digits', () => {
  it('are joined in the order of their addresses', async () => {
    const file = [intel(16, 0, THIRD), intel(8, 0, SECOND), intel(0, 0, FIRST)];
    assert.equal(yields(await openAll(Buffer.from(file.join('') + END)), MARKER), true);
  });

  it('lie behind the base that another record states', async () => {
    const base = (high: number): string => intel(0, 4, Buffer.from([0, high]));
    const file = [base(2), intel(0, 0, SECOND), intel(8, 0, THIRD)];
    const text = `${file.join('')}${base(1)}${intel(0, 0, FIRST)}${END}`;
    assert.equal(yields(await openAll(Buffer.from(text)), MARKER), true);
  });

  it('are none with a wrong checksum', async () => {
    const file = [intel(0, 0, FIRST), intel(6, 0, SECOND, 1), intel(12, 0, THIRD)];
    const opened = await openAll(Buffer.from(file.join('') + END));
    assert.equal(yields(opened, MARKER), false);
    assert.deepEqual(opened.causes, []);
  });
});
