import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHexDumpUnpacker } from './hex-dump.ts';
import { openAll, type Opened } from './open-all.ts';

const file = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 73 + (at >> 3)) & 255));

function pairs(row: Buffer, between = ' '): string {
  return Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(between);
}

function shown(row: Buffer): string {
  return row.toString('latin1').replace(/[^ -~]/g, '.');
}

/** A line for every 16 bytes. */
function dump(line: (row: Buffer, at: number) => string): Buffer {
  const rows = Array.from({ length: Math.ceil(file.length / 16) }, (_, index) =>
    line(file.subarray(index * 16, index * 16 + 16), index * 16),
  );
  return Buffer.from(`Some text before it\r\n${rows.join('\r\n')}\r\nand behind\r\n`);
}

function hex(value: number, width: number): string {
  return value.toString(16).padStart(width, '0');
}

function halves(row: Buffer): string {
  return `${pairs(row.subarray(0, 8))}  ${pairs(row.subarray(8))}`.padEnd(49);
}

function open(bytes: Buffer): Promise<Opened> {
  return openAll(bytes, { unpackers: [createHexDumpUnpacker()] });
}

function lines(count: number): Buffer {
  const rows = Array.from({ length: count }, (_, at) => `${hex(at * 16, 8)}: ${'41 '.repeat(16)}`);
  return Buffer.from(rows.join('\n'));
}

describe('hex dumps', () => {
  const shapes: Record<string, Buffer> = {
    'certutil -encodehex': dump((row, at) => `${hex(at, 4)}\t${halves(row)}   ${shown(row)}`),
    'certutil -encodehex 5': dump((row, at) => `${hex(at, 4)}\t${halves(row)}`),
    'certutil -encodehex 11': dump((row) => `\t${halves(row)}   ${shown(row)}`),
    'hexdump -C': dump((row, at) => `${hex(at, 8)}  ${halves(row)} |${shown(row)}|`),
    xxd: dump(
      (row, at) =>
        `${hex(at, 8)}: ${pairs(row, '')
          .replace(/(.{4})(?=.)/g, '$1 ')
          .padEnd(39)}  ${shown(row)}`,
    ),
    'od -t x1': dump((row, at) => `${at.toString(8).padStart(7, '0')} ${pairs(row)}`),
    'a script of debug': dump((row, at) => `E ${hex(at + 256, 4).toUpperCase()} ${pairs(row).toUpperCase()}`),
    'Format-Hex': dump(
      (row, at) => `${hex(at, 8).toUpperCase()}   ${pairs(row).toUpperCase()}  ${shown(row)}`,
    ),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`reads ${shape}`, async () => {
      const { pieces, causes } = await open(bytes);
      assert.equal(
        pieces.some((piece) => file.equals(Buffer.from(piece.bytes).subarray(0, file.length))),
        true,
      );
      assert.deepEqual(causes, []);
    });
  }

  it('reads four lines and not three', async () => {
    assert.equal((await open(lines(4))).pieces.length, 1);
    assert.equal((await open(lines(3))).pieces.length, 0);
  });

  it('takes no table for a dump', async () => {
    const table = Array.from({ length: 40 }, (_, at) => `${2000 + at} 12 34 56 78`).join('\n');
    const days = Array.from({ length: 28 }, (_, at) => `  20${10 + at} 11 22 33`).join('\n');
    for (const text of [table, days]) {
      assert.deepEqual((await open(Buffer.from(text))).pieces, []);
    }
  });
});
