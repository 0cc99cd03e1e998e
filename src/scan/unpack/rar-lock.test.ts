import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { createUnpackers } from './index.ts';
import { openAll, type Opened, yields } from './open-all.ts';
import type { RarAttempt } from './rar-attempt.ts';
import { rarLock } from './rar-lock.ts';
import { MAX_RAR_CHECKS, MAX_RAR_HEADERS, MAX_RAR_ROUNDS_POWER } from './rar5-lock.ts';
import { joinedRar5, lockedRar4, lockedRar5 } from './rar-for-test.ts';

const MARKER = 'POSTERN-TEST-MARK';
const content = Buffer.from(`harmless ${MARKER} in an archive\n`.repeat(5));
const password = 'secret4711';
const unpackers = createUnpackers();

function open(bytes: Buffer, passwords: readonly string[]): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords });
}

function attempt(bytes: Buffer, word: string): RarAttempt {
  const lock = rarLock(bytes);
  assert.ok(lock !== undefined);
  return lock.attempt(word, new Budget(TEST_LIMITS, () => 0));
}

const ARCHIVES = {
  'RAR 5': lockedRar5(content, { password }),
  'RAR 5 with hidden names': lockedRar5(content, { password, hidesNames: true }),
  'RAR 5 without a password check': lockedRar5(content, { password, hasCheck: false }),
  'RAR 5, compressed, without a password check': lockedRar5(content, {
    password,
    hasCheck: false,
    isPacked: true,
  }),
  'RAR 5 without a password check, its checksum keyed': lockedRar5(content, {
    password,
    hasCheck: false,
    sum: 'keyed',
  }),
  'RAR 5 with hidden names, without a password check': lockedRar5(content, {
    password,
    hasCheck: false,
    hidesNames: true,
  }),
  'RAR 4 with hidden names': lockedRar4(content, { password }),
  'RAR 4': lockedRar4(content, { password, showsNames: true }),
  'RAR 4, compressed': lockedRar4(content, { password, showsNames: true, isPacked: true }),
  'RAR 4 with hidden names, compressed': lockedRar4(content, { password, isPacked: true }),
};

describe('encrypted rar', () => {
  for (const [name, bytes] of Object.entries(ARCHIVES)) {
    it(`opens ${name} with the right one of several passwords`, async () => {
      const opened = await open(bytes, ['wrong', password, 'other']);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });

    it(`calls ${name} encrypted without it`, async () => {
      assert.deepEqual((await open(bytes, ['wrong'])).causes, ['encrypted']);
    });

    it(`ends on ${name} with changed headers`, async () => {
      for (let at = 8; at < 110; at += 13) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ 0x55;
        assert.equal((await open(changed, ['wrong'])).stopped, undefined);
      }
    });
  }

  it('gives what a password of the mail opens beside a file with another password', async () => {
    for (const hasCheck of [true, false]) {
      const decoy = lockedRar5(Buffer.from('something else'), { password: 'unknown', hasCheck });
      const bait = lockedRar5(content, { password, hasCheck });
      for (const mixed of [joinedRar5(decoy, bait), joinedRar5(bait, decoy)]) {
        const opened = await open(mixed, ['wrong', password, 'other']);
        assert.equal(yields(opened, MARKER), true);
        assert.deepEqual(opened.causes, ['encrypted']);
      }
    }
  });

  it('passes over a check with a wrong sum, and looks at the content', () => {
    const spoilt = lockedRar5(content, { password, spoilsCheck: true });
    assert.deepEqual([attempt(spoilt, password).mayOpen, attempt(spoilt, 'wrong').mayOpen], [true, false]);
  });

  it('says no to no password that opens a part without a check, whatever checks others have', async () => {
    for (const seal of [{ hasCheck: false }, { spoilsCheck: true }]) {
      const mixed = lockedRar5(content, { password, decoys: 1, ...seal });
      assert.deepEqual([attempt(mixed, password).mayOpen, attempt(mixed, 'wrong').mayOpen], [true, false]);
      assert.equal(yields(await open(mixed, ['wrong', password]), MARKER), true);
    }
  });

  it('tells passwords by the content where there is no check', () => {
    for (const seal of [{}, { isPacked: true }, { sum: 'keyed' as const }, { hidesNames: true }]) {
      const unchecked = lockedRar5(content, { password, hasCheck: false, ...seal });
      const wrong = Array.from({ length: 20 }, (_, index) => attempt(unchecked, `wrong ${index}`).mayOpen);
      assert.ok(wrong.filter(Boolean).length < 3); // a compressed block is told by eight bits
      assert.equal(attempt(unchecked, password).mayOpen, true);
    }
  });

  it('scans a stored file whose checksum lies, and calls the archive encrypted', async () => {
    const lying = lockedRar5(content, { password, hasCheck: false, sum: 'wrong' });
    const opened = await open(lying, ['wrong', password, 'last']);
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('takes no password for the right one where nothing says so', async () => {
    const unproven = lockedRar5(content, { password, hasCheck: false, sum: 'none' });
    const opened = await open(unproven, ['wrong', password, 'last']);
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('are told by so many checks; with one more, 7-Zip is asked', async () => {
    const within = lockedRar5(content, { password, decoys: MAX_RAR_CHECKS - 1 });
    assert.equal(rarLock(within)?.attempt(password, new Budget(TEST_LIMITS, () => 0)).mayOpen, true);
    const over = lockedRar5(content, { password, decoys: MAX_RAR_CHECKS });
    assert.equal(rarLock(over), undefined);
    for (const bytes of [within, over]) {
      assert.equal(yields(await open(bytes, ['wrong', password]), MARKER), true);
    }
  });

  it('are told from so many headers; with one more, 7-Zip is asked', async () => {
    const others = 3; // of the archive, the file, the end
    const within = lockedRar5(content, { password, emptyBlocks: MAX_RAR_HEADERS - others });
    assert.equal(rarLock(within)?.attempt('wrong', new Budget(TEST_LIMITS, () => 0)).mayOpen, false);
    const over = lockedRar5(content, { password, emptyBlocks: MAX_RAR_HEADERS - others + 1 });
    assert.equal(rarLock(over), undefined);
    for (const bytes of [within, over]) {
      assert.equal(yields(await open(bytes, ['wrong', password]), MARKER), true);
    }
  });

  it('hashes so many rounds and not twice as many', () => {
    const budget = new Budget(TEST_LIMITS, () => 0);
    const opens = (power: number): boolean | undefined =>
      rarLock(lockedRar5(content, { password, power }))?.attempt(password, budget).mayOpen;
    assert.equal(opens(MAX_RAR_ROUNDS_POWER), true);
    assert.equal(opens(MAX_RAR_ROUNDS_POWER + 1), false);
  });

  it('says why when passwords were not tried', async () => {
    const dear = lockedRar5(content, { password, power: MAX_RAR_ROUNDS_POWER + 1, hasCheck: false });
    const { causes, details } = await open(dear, ['wrong', password]);
    assert.deepEqual(causes, ['encrypted']);
    assert.match(details.join(), /key of more rounds than are tried/);
  });
});
