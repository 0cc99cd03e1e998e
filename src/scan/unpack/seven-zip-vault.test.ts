import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { Budget, ScanLimitError } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { createUnpackers } from './index.ts';
import { openAll, type Opened, yields } from './open-all.ts';
import { readSevenZipHeader } from './seven-zip-header.ts';
import { isAffordable, MAX_CYCLES_POWER, MAX_KEPT_KEYS, SevenZipKeys } from './seven-zip-key.ts';
import { repeatedSevenZip, sealSevenZip, storedSevenZip } from './seven-zip-for-test.ts';
import { MAX_DOUBTFUL_READINGS } from './doubtful-readings.ts';
import { MAX_MIXED_RULES } from './seven-zip-vault.ts';

const MARKER = 'POSTERN-TEST-MARK';
const unpackers = createUnpackers();

/** `7z a` of the marker in a short text, by several methods; deflated and encoded to be short here. */
const PLAIN = {
  lzma2:
    'eNozr9qzXl2GgYV7ottDLQYIsIPSq78yMD5gWMigFMtgIuG1un/Sy5qChpsWitt3TP66b/HP82wrLp9WOWfW8JkzB6iakYWNgZFTi4Gdm5GBUVGRkYGnYREDBxfjZOFyAQYGVkZJbgYEEORlSGTQYyhhqABiEAAA5Wse0A==',
  lzma: 'eNozr9qzXl2GgWX/pZivygwQYAelfRLP+TCYSHit7p/0sqag4aaF4vYdk7/uW/zzPNuKy6dVzpk1fObMYWBgZGFjYORUZmDnZmRgVGZmZGSNZRBgYOBpWMTAwcU4WbgcyGFllGQFmynIy5DIoMdQwlABxCAAAGn8Hlg=',
  ppmd: 'eNozr9qzXl2GgSXkz6NHygwQYAelNdt+CzKkf1+wxuMx94fnFvWVU+9kNHx4PHvFWkvG7n13GLyOg5UxsrAxMHIqM7BzMzIwKjOzMLKyAQUZeBoWMXBwMU4WLhdgYGBllGQFKxbkZUhk0GMoYagAYhAAAEndHSk=',
  bzip2:
    'eNozr9qzXl2GgeW45YGSEAYIsIPS3JvzrjpFZVgaOkaqBUe+fcL/n4HBPryBQcCBSYn7DoOSmwSDAkPAAsYGJq0GW/clxsGJCzccOPCMp195wokDX2yblRMq5Nsev3iQUWAuJX/0zkQ/ERXrSub/BxhZ2BgYOUMY2LkZGRiZWZiYeBoWMXBwMU4WLhdgYGBllORmQABBXoZEBj2GEoYKIAYBAKuiLFA=',
  deflate:
    'eNozr9qzXl2GgeUf56E6AwYIsIPSSXN8Fp89uZqXQYGH1eG8iM4FRYHQFv9b2xmaWBjb3s0v6Z23d/O/3bd1zi9MeMkSFqAdFDyhiJGFjYGR04CBnZuRgZGZhZGDp2ERAwcX42ThcgEGBlZGSW4GBBDkZUhk0GMoYagAYhAAACCGITo=',
  copy: 'eNozr9qzXl2GgeVkQgXPIgYIsIPS0XY3nmckFuXmpBYXKwT4B4e4BvnphrgGh+j6OgZ5cw0SKUYWNgZGzoZFDOzcjAyMjAw8QCYHF+Nk4XIBBgZWRkkeBiQgyMuQyKDHUMJQAcQgAAB29kAR',
  'two folders':
    'eNozr9qzXl2GgcX0+5ZbYQwQ4AWldfS2uD5gWMigFMtgIuG1un/Sy5qChpsWitt3TP66b/HP82wrLp9WOWfW8JkzB6j6AUMYg0osg+Xsk59eN21ZbV65rf95eqJTO//tELes3dHFgoVTV56oErka28DAwMjCxsDEqaXDwM7NxMCoqMgIIXgaFoUzcHAxThYuFwhoVvVlYGBlkmQQlGRIZNBjKGGoAGIGhiQkNgMDADYfN28=',
};

/** `7z a -psecret4711`, of two files. */
const LOCKED = {
  'compressed header':
    'eNozr9qzXl2GgeWZq/O+9QwQoAClU+tC1zV5OUZvfVL3x0vm9E3Vo6vZeX5EPF0nmXSk8/hNdfP71tnuOeISSvt5rr4OcjVjPyNeK97N+fN/onuL2unF77kWXkphvHjuYX39x4u6669e5bcwfcTA0GjMvo7/0sH8vw67p6RYWy6pep6llOt28zAH/0lmeRFXxaZIs769B6U13vVYnr5nefHuGSdlzRWZpZlVyfpXE+/l2+9dKuWo+np3TM6ZywFs+7RZ1/xMeTZl7p513GJq0xeIswUwcsYzsHMzMjAqMzMyssYyCDAw8GRxMYZoTg1jYAAAcZxdVw==',
  'encrypted header':
    'eNozr9qzXl2GgaVO6XDdBgYIsIbSWTP9v83rF7t07lTgxJvXHKW5l3rENM35dGzR8o3GbB4v++pSOa+sVOVfKJLIaua4as3axey2U3NOHLF5nduibbQytdut8IxbFs9ZznMXdZ/Pcew1q/GZszB1qqjQ/hcOHy878agoh21VaGrLVHFVfJdbUxmacbG4XfBBy/l9qT6+045JOMy0FJlT9TLjYHhPyMO/8Q6TTr2v+yA5NfukmWakQ8bKcu/FfQatFz6v+Wx8WXz5ni+pRvGr6w7zirMFMHImMLBzMzIwqbB9ZGcUCuaPNX0oJlGcsazxx4WXf/5brVRmZmRkjWUQYGBgZOCJz+JiVDmfuoiBAQBg1mtf',
};

function archive(text: string): Buffer {
  return inflateSync(Buffer.from(text, 'base64'));
}

function open(bytes: Buffer, passwords: readonly string[] = []): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords });
}

/** Whether a known password opens the last part, the others having one and a salt of their own. */
async function opensBehind(decoys: number, cyclesPower = 4): Promise<boolean> {
  const seals = Array.from({ length: decoys }, (_, index) => ({
    password: 'x',
    salt: Buffer.from([index]),
    cyclesPower,
  }));
  const parts = repeatedSevenZip(archive(PLAIN.lzma), decoys + 1);
  const sealed = sealSevenZip(parts, ...seals, { password: 'secret4711' });
  const opened = await openAll(sealed, { unpackers, passwords: ['secret4711'], now: () => 0 });
  assert.deepEqual(opened.causes, ['encrypted']);
  return yields(opened, MARKER);
}

describe('encrypted 7z', () => {
  for (const [name, text] of Object.entries(PLAIN)) {
    const sealed = sealSevenZip(archive(text), { password: 'secret4711' });

    it(`opens ${name} with the right one of several passwords`, async () => {
      const opened = await open(sealed, ['wrong', 'secret4711', 'other']);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });

    it(`calls ${name} encrypted without it`, async () => {
      const opened = await open(sealed, ['wrong', 'other']);
      assert.equal(yields(opened, MARKER), false);
      assert.deepEqual(opened.causes, ['encrypted']);
    });
  }

  for (const [name, text] of Object.entries(LOCKED)) {
    it(`opens an archive with ${name} that 7-Zip wrote`, async () => {
      const opened = await open(archive(text), ['wrong', 'secret4711']);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
      assert.deepEqual((await open(archive(text), ['wrong'])).causes, ['encrypted']);
    });
  }

  it('opens what was encrypted under the empty password', async () => {
    assert.equal(yields(await open(sealSevenZip(archive(PLAIN.lzma), { password: '' })), MARKER), true);
  });

  it('does not mind what fills the last block', async () => {
    const sealed = sealSevenZip(archive(PLAIN.lzma2), { password: 'secret4711', padding: 0x41 });
    assert.equal(yields(await open(sealed, ['secret4711']), MARKER), true);
  });

  it('takes a salt and the rule without hashing', async () => {
    for (const seal of [{ salt: Buffer.from('0123456789abcdef') }, { cyclesPower: 0x3f }]) {
      const sealed = sealSevenZip(archive(PLAIN.lzma), { password: 'secret4711', ...seal });
      assert.equal(yields(await open(sealed, ['secret4711']), MARKER), true);
    }
  });

  it('gives what is plain and what one password opens when another part has another password', async () => {
    const two = archive(PLAIN['two folders']);
    const plain = await open(sealSevenZip(two, undefined, { password: 'unknown' }));
    const mixed = await open(sealSevenZip(two, { password: 'secret4711' }, { password: 'unknown' }), [
      'secret4711',
    ]);
    for (const opened of [plain, mixed]) {
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, ['encrypted']);
    }
  });

  it('gives what a password opens behind parts with other passwords and salts, so many and no more', async () => {
    assert.equal(await opensBehind(MAX_MIXED_RULES - 1), true);
    assert.equal(await opensBehind(MAX_MIXED_RULES), false);
    assert.equal(await opensBehind(1, MAX_CYCLES_POWER), true);
    assert.equal(await opensBehind(2, MAX_CYCLES_POWER), false);
  });

  it('opens parts that each have a password of their own, but says that it cannot be sure', async () => {
    const two = archive(PLAIN['two folders']);
    const opened = await open(sealSevenZip(two, { password: 'one' }, { password: 'two' }), ['one', 'two']);
    assert.equal(opened.pieces.length, 2);
    assert.deepEqual(opened.causes, ['encrypted']);
  });
});

/** The right one behind some wrong ones. */
function passwordsAfter(before: number): string[] {
  return [...Array.from({ length: before }, (_, index) => `wrong${index}`), 'secret4711'];
}

describe('encrypted 7z without a checksum', () => {
  const content = Buffer.from(`harmless ${MARKER}, and more than a block`);
  const sealed = sealSevenZip(storedSevenZip(content), { password: 'secret4711', padding: 0x41 });
  it('is read with each password and never counts as opened', async () => {
    const opened = await open(sealed, passwordsAfter(2));
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('is read first with the password after which writers would have filled the last block', async () => {
    const filled = sealSevenZip(storedSevenZip(content), { password: 'secret4711' });
    const opened = await open(filled, passwordsAfter(2 * MAX_DOUBTFUL_READINGS));
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('is read with so many passwords and not with one more', async () => {
    // The empty password comes first.
    assert.equal(yields(await open(sealed, passwordsAfter(MAX_DOUBTFUL_READINGS - 2)), MARKER), true);
    const opened = await open(sealed, passwordsAfter(MAX_DOUBTFUL_READINGS - 1));
    assert.equal(yields(opened, MARKER), false);
    assert.deepEqual(opened.causes, ['encrypted']);
  });
});

describe('a hostile encrypted 7z', () => {
  const sealed = sealSevenZip(archive(PLAIN.lzma), { password: 'secret4711' });

  it('never throws and never counts as opened, whatever byte is changed', async () => {
    const header = sealed.length - 140;
    for (let at = header; at < sealed.length; at += 3) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 0x15;
      const opened = await open(changed, ['wrong']);
      assert.equal(yields(opened, MARKER), false);
      assert.equal(opened.stopped, undefined);
    }
  });

  it('may ask for so many rounds and not for twice as many', () => {
    const salt = Buffer.alloc(0);
    assert.equal(isAffordable({ cyclesPower: MAX_CYCLES_POWER, salt }), true);
    assert.equal(isAffordable({ cyclesPower: MAX_CYCLES_POWER + 1, salt }), false);
  });

  it('stops hashing when the time of the scan is over', () => {
    let now = 0;
    const budget = new Budget(TEST_LIMITS, () => (now += 1000));
    const rule = { cyclesPower: 20, salt: Buffer.alloc(0) };
    assert.throws(() => {
      for (let index = 0; index < 10; index += 1) {
        new SevenZipKeys().derive('secret', rule, budget);
      }
    }, ScanLimitError);
  });
});

describe('keys of 7z', () => {
  const budget = new Budget(TEST_LIMITS, () => 0);

  it('are the documented hash', () => {
    // Salt, password and a counter of eight bytes, twice.
    const key = new SevenZipKeys().derive('a', { cyclesPower: 1, salt: Buffer.from([9]) }, budget);
    assert.equal(key.toString('hex'), 'ffdb9ab09b07b0a0942c3c4b69e2d8793b9344dd74f8bb9987d46139d8c634b4');
  });

  it('are kept for so many passwords; the one used longest ago goes first', () => {
    const keys = new SevenZipKeys();
    const derive = (password: string): Buffer =>
      keys.derive(password, { cyclesPower: 0, salt: Buffer.alloc(0) }, budget);
    const [first, second] = [derive('first'), derive('second')];
    for (let index = 0; index < MAX_KEPT_KEYS - 2; index += 1) {
      derive(String(index));
    }
    assert.equal(derive('first'), first);
    derive('one more');
    assert.equal(derive('first'), first);
    assert.notEqual(derive('second'), second);
  });
});

describe('the header of a 7z archive', () => {
  it('is written as it was read', () => {
    const plain = archive(PLAIN['two folders']);
    const { streams } = readSevenZipHeader(plain);
    assert.equal(streams.folders.length, 2);
    assert.equal(streams.packSizes.length, 2);
  });
});
