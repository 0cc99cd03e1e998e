import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { createUnpackers } from './index.ts';
import { openAll, type Opened, yields } from './open-all.ts';
import { MAX_RAR_CHECKS, MAX_RAR_HEADERS, MAX_RAR_ROUNDS_POWER, rarLock } from './rar-lock.ts';
import { joinedRar5, lockedRar4, lockedRar5 } from './rar-for-test.ts';

const MARKER = 'POSTERN-TEST-MARK';
const content = Buffer.from(`harmless ${MARKER} in an archive\n`.repeat(5));
const password = 'secret4711';
const unpackers = createUnpackers();

function open(bytes: Buffer, passwords: readonly string[]): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords });
}

const ARCHIVES = {
  'RAR 5': lockedRar5(content, { password }),
  'RAR 5 with hidden names': lockedRar5(content, { password, hidesNames: true }),
  'RAR 5 without a password check': lockedRar5(content, { password, hasCheck: false }),
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

  it('leaves a check with a wrong sum to 7-Zip', () => {
    assert.notEqual(rarLock(lockedRar5(content, { password })), undefined);
    assert.equal(rarLock(lockedRar5(content, { password, spoilsCheck: true })), undefined);
  });

  it('says no to no password when a part has no check, whatever checks others have', async () => {
    for (const seal of [{ hasCheck: false }, { spoilsCheck: true }]) {
      const mixed = lockedRar5(content, { password, decoys: 1, ...seal });
      assert.equal(rarLock(mixed), undefined);
      assert.equal(yields(await open(mixed, ['wrong', password]), MARKER), true);
    }
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
});
