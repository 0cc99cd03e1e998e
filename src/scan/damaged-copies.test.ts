import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentKey } from './content-key.ts';
import { type Damage, DamagedCopies } from './damaged-copies.ts';
import { noteMeeting, partOf, PieceLedger, type PieceRecord } from './piece-ledger.ts';

const FILE = Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37 + 11) & 0xff));

/** Paths at which something was met. */
interface Met {
  readonly inEarnest?: readonly string[];
  readonly asGuess?: readonly string[];
}

function recordOf(bytes: Buffer, { inEarnest = [], asGuess = [] }: Met): PieceRecord {
  const { record } = new PieceLedger().note(ContentKey.of(bytes), { range: undefined });
  for (const path of [...inEarnest, ...asGuess]) {
    noteMeeting(record, partOf({ path, bytes, depth: 0 }, ''), !inEarnest.includes(path));
  }
  return record;
}

function damageTo(bytes: Buffer, met: Met = { inEarnest: ['1'] }, facts: Partial<Damage> = {}): Damage {
  const piece = { path: '1', bytes, depth: 0 };
  const record = recordOf(bytes, met);
  return { unpacker: 'zip', piece, record, cause: 'malformed', detail: 'cut', ...facts };
}

/** How many are left beside `FILE`, which was read whole in the first part. */
function remaining(damage: Damage, file = FILE, paths = ['1']): number {
  const copies = new DamagedCopies();
  const whole = { path: '1', bytes: file, depth: 0 };
  copies.addWhole('zip', whole, recordOf(file, { inEarnest: paths }));
  return copies.add(damage) ? copies.damages().length : 1;
}

const ALIKE = Buffer.concat([FILE.subarray(0, 60), Buffer.from('something else')]);

describe('what cannot be read', () => {
  it('is no trouble when it is the beginning or the end of a file that was read', () => {
    assert.equal(remaining(damageTo(FILE.subarray(0, 50))), 0);
    assert.equal(remaining(damageTo(FILE.subarray(350))), 0);
  });

  it('is trouble when it holds anything that no file holds that was read', () => {
    assert.equal(remaining(damageTo(Buffer.concat([FILE, Buffer.from('more')]))), 1);
    assert.equal(remaining(damageTo(FILE.subarray(0, 50), {}, { unpacker: 'rar' })), 1);
  });

  it('is no trouble as a guess that begins or ends like a file that was read', () => {
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['1'] })), 0);
    assert.equal(remaining(damageTo(ALIKE)), 1);
    const other = Buffer.from(FILE.map((byte) => byte ^ 0xff));
    assert.equal(remaining(damageTo(other, { asGuess: ['1'] })), 1);
  });

  it('is no trouble as a guess that begins like the header of a file that was read', () => {
    const header = Buffer.from(Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 0x41 + i : 0)));
    const file = Buffer.concat([header, FILE]);
    const misread = Buffer.from(FILE.map((byte) => (byte * 3 + 1) & 0xff));
    const ruin = (length: number): Damage =>
      damageTo(Buffer.concat([header.subarray(0, length), misread]), { asGuess: ['1'] });
    assert.equal(remaining(ruin(40), file), 0);
    assert.equal(remaining(ruin(32), file), 0);
    assert.equal(remaining(ruin(31), file), 1);
  });

  it('is no trouble at the end of the message when no part of the message is that file', () => {
    const cut = Buffer.from(FILE.map((byte) => byte ^ 0xff));
    assert.equal(remaining(damageTo(cut, { inEarnest: ['blind.2'], asGuess: ['1'] }, { isLast: true })), 0);
    assert.equal(remaining(damageTo(cut, { inEarnest: ['blind.2'], asGuess: ['1'] })), 1);
    assert.equal(remaining(damageTo(cut, { inEarnest: ['1', 'blind.2'] }, { isLast: true })), 1);
  });

  it('is no trouble at the end of a part that was cut, when nothing but its end is missing and it is no volume', () => {
    const cut = Buffer.from(FILE.map((byte) => byte ^ 0xff));
    const inCutPart = (facts: Partial<Damage>): Damage => {
      const damage = damageTo(cut, { inEarnest: ['3.2'] }, facts);
      noteMeeting(damage.record, '3.2', false, { isCut: true });
      return damage;
    };
    assert.equal(remaining(inCutPart({ isCut: true })), 0);
    assert.equal(remaining(inCutPart({ isCut: false })), 1);
    assert.equal(remaining(damageTo(cut, { inEarnest: ['3.2'] }, { isCut: true })), 1);
    for (const name of ['a.7z.001', 'a.z01', 'a.r00', 'a.part1.rar']) {
      const piece = { path: '3.2', bytes: cut, depth: 0, name };
      assert.equal(remaining(inCutPart({ isCut: true, piece })), 1, name);
    }
  });

  it('is no trouble as a guess at the lines of a text that is only shown, unless it was met elsewhere', () => {
    const cut = Buffer.from(FILE.map((byte) => byte ^ 0xff));
    const quoted = (quotedIn: 'text' | 'source', cause: Damage['cause']): Damage => {
      const damage = damageTo(cut, {}, { cause });
      noteMeeting(damage.record, '1', true, { quotedIn });
      return damage;
    };
    assert.equal(remaining(quoted('text', 'malformed')), 0);
    assert.equal(remaining(quoted('text', 'encrypted')), 1);
    assert.equal(remaining(quoted('source', 'encrypted')), 0);
    const elsewhere = quoted('source', 'malformed');
    noteMeeting(elsewhere.record, '2', true);
    assert.equal(remaining(elsewhere), 1);
  });

  it('is the ruin of a file although very many texts were read whole before that', () => {
    const copies = new DamagedCopies();
    const asText = { path: '1', bytes: Buffer.from('text'), depth: 0 };
    for (let i = 0; i < 200; i += 1) {
      copies.addWhole('uuencode', asText, recordOf(asText.bytes, { inEarnest: ['1'] }));
    }
    copies.addWhole('zip', { path: '1', bytes: FILE, depth: 0 }, recordOf(FILE, { inEarnest: ['1'] }));
    copies.add(damageTo(FILE.subarray(0, 50)));
    assert.deepEqual(copies.damages(), []);
  });

  it('is trouble as a guess in another part, which may be an archive that nobody can open', () => {
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['2/encoded'] })), 1);
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['1', '2/encoded'] })), 1);
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['blind.base64'] })), 1);
  });

  it('is trouble as a guess that was met in earnest elsewhere', () => {
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['1'], inEarnest: ['1/outer.zip/a.zip'] })), 1);
  });

  it('is no trouble as a guess that readings without structure made as well', () => {
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['1', 'blind.3', 'body'] })), 0);
    assert.equal(remaining(damageTo(ALIKE, { asGuess: ['2'] }), FILE, ['raw/a.zip', '2/a.zip']), 0);
  });

  it('is no trouble as a guess that stands in such a file as a whole, however little of it is shown', () => {
    const zeros = Buffer.concat([FILE, Buffer.alloc(60), Buffer.from('end of all that')]);
    const inside = zeros.subarray(390, 450);
    assert.equal(remaining(damageTo(inside, { asGuess: ['1'] }), zeros), 0);
    assert.equal(remaining(damageTo(inside), zeros), 1);
    const changed = Buffer.concat([inside, Buffer.from('x')]);
    assert.equal(remaining(damageTo(changed, { asGuess: ['1'] }), zeros), 1);
    assert.equal(remaining(damageTo(inside.subarray(0, 31), { asGuess: ['1'] }), zeros), 1);
    assert.equal(remaining(damageTo(inside.subarray(0, 32), { asGuess: ['1'] }), zeros), 0);
  });

  it('is trouble when it is encrypted, unless it is a file that was read less all its zeros', () => {
    const encrypted = { cause: 'encrypted' } as const;
    const file = Buffer.from('begin\0one\0end');
    const less = Buffer.from('beginoneend');
    assert.equal(remaining(damageTo(less, { asGuess: ['1'] }, encrypted), file), 0);
    assert.equal(remaining(damageTo(less.subarray(0, 9), { asGuess: ['1'] }, encrypted), file), 1);
    assert.equal(remaining(damageTo(Buffer.from('begin\0oneend'), { asGuess: ['1'] }, encrypted), file), 1);
    assert.equal(remaining(damageTo(less, { asGuess: ['1'] }, { ...encrypted, unpacker: 'rar' }), file), 1);
  });

  it('is trouble as a guess that is too short to tell', () => {
    const short = Buffer.concat([FILE.subarray(0, 20), Buffer.from('x')]);
    assert.equal(remaining(damageTo(short, { asGuess: ['1'] })), 1);
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

  it('is told of a text that is only shown when there are more than a thousand', () => {
    const copies = new DamagedCopies();
    const damage = damageTo(ALIKE, { asGuess: ['1'] });
    const record = { ...damage.record, quotedIn: 'source' as const };
    const told = Array.from({ length: 1001 }, () => !copies.add({ ...damage, record })).filter(Boolean);
    assert.equal(told.length, 1);
    assert.equal(copies.damages().length, 0);
  });

  it('is told of other content when there are more than thirty-two', () => {
    const copies = new DamagedCopies();
    const told = Array.from({ length: 33 }, () => !copies.add(damageTo(ALIKE))).filter(Boolean);
    assert.equal(told.length, 1);
  });
});
