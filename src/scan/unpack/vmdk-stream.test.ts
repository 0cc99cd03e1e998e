import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import type { Piece } from '../piece.ts';
import { openAll } from './open-all.ts';

const GRAIN_SECTORS = 8;
const GRAIN = GRAIN_SECTORS * 512;

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);
}

function grain(sector: number, data: Buffer): Buffer {
  const packed = deflateSync(data);
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(sector));
  head.writeUInt32LE(packed.length, 8);
  return padded(Buffer.concat([head, packed]));
}

function disk(sectors: number, grains: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(512);
  header.write('KDMV');
  header.writeUInt32LE(3, 4);
  header.writeUInt32LE(0x3_0001, 8);
  header.writeBigUInt64LE(BigInt(sectors), 12);
  header.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
  return Buffer.concat([
    header,
    padded(Buffer.from('# Disk DescriptorFile\n')),
    ...grains,
    Buffer.alloc(1024),
  ]);
}

const FIRST = Buffer.alloc(GRAIN, 'first ');
const SECOND = Buffer.alloc(GRAIN, 'second ');

function diskIn(pieces: readonly Piece[]): Buffer {
  return Buffer.from(pieces.find(({ name }) => name === 'disk')?.bytes ?? []);
}

function grainsIn(pieces: readonly Piece[]): Buffer {
  return Buffer.from(pieces.find(({ name }) => name === 'grains')?.bytes ?? []);
}

describe('a disk of compressed grains', () => {
  it('has each grain at its place and holes between them', async () => {
    const { pieces, causes } = await openAll(disk(24, [grain(16, SECOND), grain(0, FIRST)]));
    const whole = Buffer.concat([FIRST, Buffer.alloc(GRAIN), SECOND]);
    assert.deepEqual(diskIn(pieces), whole);
    assert.deepEqual(causes, []);
  });

  it('is one grain behind the other when its holes have no room', async () => {
    const limits = { maxObjectBytes: 3 * GRAIN - 1 };
    const { pieces } = await openAll(disk(24, [grain(16, SECOND), grain(0, FIRST)]), { limits });
    assert.deepEqual(diskIn(pieces), Buffer.concat([FIRST, SECOND]));
  });

  it('is also read as its grains when some lie behind its end or where others lie', async () => {
    const behind = await openAll(disk(8, [grain(0, FIRST), grain(8, SECOND)]));
    assert.deepEqual(grainsIn(behind.pieces), Buffer.concat([FIRST, SECOND]));
    const twice = await openAll(disk(16, [grain(0, FIRST), grain(0, SECOND)]));
    assert.deepEqual(grainsIn(twice.pieces), Buffer.concat([FIRST, SECOND]));
    const sound = await openAll(disk(16, [grain(0, FIRST), grain(8, SECOND)]));
    assert.equal(grainsIn(sound.pieces).length, 0);
  });

  it('is malformed with more than 256 damaged grains', async () => {
    const broken = grain(0, FIRST);
    broken.writeUInt32LE(broken.readUInt32LE(8) - 8, 8); // its end is left out
    const grains = (count: number): Buffer[] => Array.from({ length: count }, () => broken);
    assert.deepEqual((await openAll(disk(8, grains(256)))).causes, []);
    assert.deepEqual((await openAll(disk(8, grains(257)))).causes, ['malformed']);
  });

  it('is malformed without any and a bomb when it does not fit', async () => {
    assert.deepEqual((await openAll(disk(24, []))).causes, ['malformed']);
    const limits = { maxObjectBytes: GRAIN };
    const { causes } = await openAll(disk(16, [grain(0, FIRST), grain(8, SECOND)]), { limits });
    assert.ok(causes.includes('bomb'));
  });
});
