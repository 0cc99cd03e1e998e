import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { createUnpackers } from './index.ts';
import { openAll, type Opened, yields } from './open-all.ts';
import { joinedRar4, lockedRar4 } from './rar-for-test.ts';
import { SMALL_MODEL_MB } from './rar3-start.ts';
import { Rar4KeyStore } from './rar4-key.ts';
import { MAX_RAR4_BLOCKS, MAX_RAR4_SALTS, rar4Lock } from './rar4-lock.ts';
import { SevenZip } from './seven-zip.ts';

const MARKER = 'POSTERN-TEST-MARK';
const content = Buffer.from(`harmless ${MARKER} in an archive\n`.repeat(5));
const other = Buffer.from('something else');
const password = 'secret4711';
const seal = { password, showsNames: true, salt: Buffer.from('8899aabbccddeeff', 'hex') };
const unpackers = createUnpackers();

function open(bytes: Buffer, passwords: readonly string[]): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords });
}

function attempt(
  bytes: Buffer,
  word: string,
): ReturnType<NonNullable<ReturnType<typeof rar4Lock>>['attempt']> {
  const lock = rar4Lock(bytes);
  assert.ok(lock !== undefined);
  return lock.attempt(word, new Budget(TEST_LIMITS, () => 0));
}

/** Under a salt of its own; the first one holds the marker. */
function salted(index: number): Buffer {
  return lockedRar4(index === 0 ? content : other, { ...seal, salt: Buffer.alloc(8, index) });
}

function joined(archives: readonly Buffer[]): Buffer {
  return archives.reduce((all, next) => joinedRar4(all, next));
}

describe('the lock of RAR 4', () => {
  const stored = lockedRar4(content, seal);
  const packed = lockedRar4(content, { ...seal, isPacked: true });
  const hidden = lockedRar4(content, { password });

  it('gives 7-Zip the archive without its encryption', () => {
    for (const bytes of [stored, packed, hidden]) {
      const { mayOpen, plain } = attempt(bytes, password);
      assert.equal(mayOpen, true);
      assert.equal(plain !== undefined && rar4Lock(plain) === undefined, true);
    }
    assert.equal(attempt(stored, password).plain?.includes(content), true);
  });

  it('calculates a key once for all archives under one salt, as long as it is kept', () => {
    const store = new Rar4KeyStore(2);
    const calculatedFor = (bytes: Buffer, word: string): number => {
      const before = store.calculated;
      rar4Lock(bytes, store)?.attempt(word, new Budget(TEST_LIMITS, () => 0));
      return store.calculated - before;
    };
    const words = [password, 'wrong', password, 'another', password, 'wrong'];
    assert.deepEqual(
      words.map((word) => calculatedFor(stored, word)),
      [1, 1, 0, 1, 0, 1],
    );
    assert.equal(calculatedFor(packed, 'wrong'), 0);
  });

  it('says no to other passwords', () => {
    for (const bytes of [stored, hidden]) {
      assert.equal(attempt(bytes, 'wrong').mayOpen, false);
    }
    const told = Array.from({ length: 12 }, (_, index) => attempt(packed, `wrong ${index}`).mayOpen);
    assert.equal(told.includes(false), true); // some look like a compressed file
  });

  it('asks for little memory for a short file, from which 7-Zip makes the same as with all of it', async () => {
    const dataAt = packed.indexOf(seal.salt) + seal.salt.length;
    const plains = Array.from({ length: 24 }, (_, index) => attempt(packed, `wrong ${index}`).plain);
    const likePpmd = plains.filter((plain) => plain !== undefined && (plain[dataAt] ?? 0) >= 0x80);
    assert.notEqual(likePpmd.length, 0);
    const sevenZip = new SevenZip();
    for (const plain of likePpmd.slice(0, 3)) {
      const asked = Buffer.from(plain ?? []).fill(99, dataAt + 1, dataAt + 2);
      assert.ok(plain !== undefined && (plain[dataAt + 1] ?? 0) < SMALL_MODEL_MB);
      const budget = new Budget(TEST_LIMITS, () => 0);
      assert.deepEqual(await sevenZip.extract(plain, budget), await sevenZip.extract(asked, budget));
    }
  });

  it('scans a stored file whose checksum lies, and calls the archive encrypted', async () => {
    const opened = await open(lockedRar4(content, { ...seal, spoilsSum: true }), ['wrong', password, 'last']);
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('gives what a password of the mail opens beside a file with another password', async () => {
    for (const isPacked of [true, false]) {
      const decoy = lockedRar4(other, { password: 'unknown', showsNames: true, isPacked });
      const bait = lockedRar4(content, { ...seal, isPacked });
      for (const mixed of [joinedRar4(decoy, bait), joinedRar4(bait, decoy)]) {
        const opened = await open(mixed, ['wrong', password, 'last']);
        assert.equal(yields(opened, MARKER), true);
        assert.deepEqual(opened.causes, ['encrypted']);
      }
    }
  });

  it('opens a file that goes on from one before it', async () => {
    const solid = lockedRar4(content, { ...seal, isPacked: true, isSolid: true });
    for (const first of [packed, lockedRar4(other, seal)]) {
      const opened = await open(joinedRar4(first, solid), ['wrong', password]);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('leaves long passwords to 7-Zip, behind the others', async () => {
    const long = 'correct horse battery staple';
    for (const showsNames of [true, false]) {
      const bytes = lockedRar4(content, { password: long, showsNames });
      assert.deepEqual(attempt(bytes, long), { mayOpen: true, isCostly: true, doubtful: [] });
    }
    assert.equal(attempt(stored, long.slice(0, 27)).isCostly, undefined);
    const opened = await open(stored, [long, `${long} and so on`, password]);
    assert.equal(yields(opened, MARKER), true);
  });

  it('is known for so many blocks; with more, 7-Zip is asked', async () => {
    const others = 3; // of the archive, the file, the end
    const within = lockedRar4(content, { ...seal, emptyBlocks: MAX_RAR4_BLOCKS - others });
    const over = lockedRar4(content, { ...seal, emptyBlocks: MAX_RAR4_BLOCKS - others + 1 });
    assert.equal(attempt(within, 'wrong').mayOpen, false);
    assert.equal(rar4Lock(over), undefined);
    assert.equal(yields(await open(over, [password]), MARKER), true);
    const hiding = (emptyBlocks: number): Buffer => lockedRar4(content, { password, emptyBlocks });
    const inHeaders = 2; // the one of the archive is readable
    assert.notEqual(attempt(hiding(MAX_RAR4_BLOCKS - inHeaders), password).plain, undefined);
    const overHidden = hiding(MAX_RAR4_BLOCKS - inHeaders + 1);
    assert.deepEqual(attempt(overHidden, password), { mayOpen: true, isCostly: false, doubtful: [] });
  });

  it('is known for so many salts; with one more, 7-Zip is asked', async () => {
    const files = Array.from({ length: MAX_RAR4_SALTS + 1 }, (_, index) => salted(index));
    const over = joined(files);
    assert.notEqual(attempt(joined(files.slice(0, -1)), password).plain, undefined);
    assert.equal(rar4Lock(over), undefined);
    assert.equal(yields(await open(over, [password]), MARKER), true);
  });
});
