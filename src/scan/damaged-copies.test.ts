import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentKey } from './content-key.ts';
import { type Damage, DamagedCopies } from './damaged-copies.ts';
import { PieceLedger } from './piece-ledger.ts';
import type { Piece } from './piece.ts';

const FILE = Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37 + 11) & 0xff));

function pieceOf(bytes: Buffer): Piece {
  return { path: '1', bytes, depth: 0 };
}

function damageTo(bytes: Buffer, facts: Partial<Damage> = {}): Damage {
  const { record } = new PieceLedger().note(ContentKey.of(bytes), { range: undefined });
  const what = { unpacker: 'zip', piece: pieceOf(bytes), record, isSpelled: false };
  return { ...what, cause: 'malformed', detail: 'cut', ...facts };
}

function remaining(damage: Damage): number {
  const copies = new DamagedCopies();
  copies.addWhole('zip', pieceOf(FILE));
  assert.ok(copies.add(damage));
  return copies.damages().length;
}

describe('what cannot be read', () => {
  it('is no trouble when it is the beginning or the end of a file that was read', () => {
    assert.equal(remaining(damageTo(FILE.subarray(0, 50))), 0);
    assert.equal(remaining(damageTo(FILE.subarray(350))), 0);
  });

  it('is trouble when it holds anything that no file holds that was read', () => {
    assert.equal(remaining(damageTo(Buffer.concat([FILE, Buffer.from('more')]))), 1);
    assert.equal(remaining(damageTo(FILE.subarray(0, 50), { unpacker: 'rar' })), 1);
  });

  it('is no trouble as a guess that begins or ends like a file that was read', () => {
    const longer = Buffer.concat([FILE.subarray(0, 60), Buffer.from('something else')]);
    assert.equal(remaining(damageTo(longer, { isSpelled: true })), 0);
    assert.equal(remaining(damageTo(longer)), 1);
    const other = Buffer.from(FILE.map((byte) => byte ^ 0xff));
    assert.equal(remaining(damageTo(other, { isSpelled: true })), 1);
  });

  it('is trouble as a guess in another part, which may be an archive that nobody can open', () => {
    const longer = Buffer.concat([FILE.subarray(0, 60), Buffer.from('something else')]);
    const elsewhere = { ...pieceOf(longer), path: '2/encoded' };
    assert.equal(remaining(damageTo(longer, { isSpelled: true, piece: elsewhere })), 1);
  });

  it('is trouble as a guess that is too short to tell', () => {
    const short = Buffer.concat([FILE.subarray(0, 20), Buffer.from('x')]);
    assert.equal(remaining(damageTo(short, { isSpelled: true })), 1);
  });

  it('is remembered up to a limit', () => {
    const copies = new DamagedCopies();
    let kept = 0;
    while (copies.add(damageTo(FILE))) {
      kept += 1;
      assert.ok(kept < 1000);
    }
    assert.equal(copies.damages().length, kept);
  });
});
