import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { createArjSelfExtractor } from './arj.ts';
import { openAll, type Opened, yields } from './open-all.ts';

/** What an archive begins with, checksum included. */
function header(isRight: boolean): Buffer {
  const bytes = Buffer.alloc(38);
  bytes.set([0x60, 0xea, 30, 0, 30]);
  bytes[10] = 2;
  bytes.writeUInt32LE((crc32(bytes.subarray(4, 34)) + (isRight ? 0 : 1)) >>> 0, 34);
  return bytes;
}

function open(...parts: readonly Buffer[]): Promise<Opened> {
  const archives = {
    name: 'archives',
    recognises: () => true,
    unpack: (piece: { bytes: Uint8Array }, out: { emit(name: string, bytes: Uint8Array): void }) =>
      out.emit('archive', piece.bytes),
  };
  return openAll(Buffer.concat([Buffer.from('MZ'), ...parts]), {
    unpackers: [createArjSelfExtractor(archives)],
  });
}

describe('an ARJ archive behind a program', () => {
  const archive = Buffer.concat([header(true), Buffer.alloc(40)]);

  it('begins where the checksum of its header is right', async () => {
    const { pieces } = await open(Buffer.alloc(100), header(false), archive);
    assert.deepEqual(
      pieces.map(({ bytes }) => Buffer.from(bytes)),
      [archive],
    );
  });

  it('is looked for at 10,000 places', async () => {
    const most = Buffer.concat(Array.from({ length: 9999 }, () => header(false)));
    assert.equal((await open(most, archive)).pieces.length, 1);
    const over = await open(most, header(false), archive);
    assert.equal(over.pieces.length, 0);
    assert.deepEqual([...over.causes], ['bomb']);
  });
});

/** Two files, made by `arj a -gTulpe-31`. */
const GARBLED = Buffer.from(
  'YOopACILAQIRAAIA+zIDa/syA2sAAAAAAAAAAAAAAAABAAAAAABvLmFyagAACUUIAgAAYOo1AC4LAQIRAQD7+zIDaywAAAAqAAAAU4YK' +
    'YQAApBEAAAAAAAD7MgNr+zIDawAAAABhLnR4dAAAaQ0p6gAAT1EkGezqFjXjRNnKyQhjkoUyx/pVLzCsatqmfeY5r+JkUtmbOs9cY9BM' +
    'Wetg6jUALgsBAhEBAPv7MgNrDAAAAAUAAACGphA2AACkEQAAAAAAAPsyA2v7MgNrAAAAAGIudHh0AACWbiy8AABPdU4GJyZ/p0swZT1g' +
    '6gAA',
  'base64',
);

describe('an ARJ archive with a password', () => {
  it('is opened with a password of the mail', async () => {
    const opened = await openAll(GARBLED, { passwords: ['wrong', 'Tulpe-31'], now: () => 0 });
    assert.equal(yields(opened, 'POSTERN-TEST-MARK'), true);
    assert.deepEqual([...opened.causes], []);
  });

  it('is encrypted when none fits', async () => {
    const opened = await openAll(GARBLED, { passwords: ['wrong'], now: () => 0 });
    assert.equal(yields(opened, 'POSTERN-TEST-MARK'), false);
    assert.deepEqual([...opened.causes], ['encrypted']);
  });

  it('keeps what was opened when it is cut, wherever that is', async () => {
    for (let length = GARBLED.length - 1; length > 180; length -= 1) {
      const cut = await openAll(GARBLED.subarray(0, length), { passwords: ['Tulpe-31'], now: () => 0 });
      assert.doesNotMatch(cut.details.join(), /reader failed/);
    }
  });
});
