import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUnpackers } from './index.ts';
import {
  type LegacyScheme,
  lockedDoc,
  lockedPpt,
  lockedXls,
  sealedPicture,
} from './legacy-office-for-test.ts';
import { xorKey, xorVerifier } from './office-xor.ts';
import { MAX_PERSIST_OBJECTS } from './ppt-encryption.ts';
import { openAll, type Opened, yields } from './open-all.ts';
import { decryptPictures, MAX_SEALED_PICTURES } from './ppt-pictures.ts';

const MARKER = 'POSTERN-TEST-MARK';
const content = Buffer.from(`harmless ${MARKER} in a document. `.repeat(60));
const unpackers = createUnpackers();

function open(bytes: Buffer, passwords: readonly string[] = []): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords, now: () => 0 });
}

const API: readonly LegacyScheme[] = ['cryptoapi', 'cryptoapi, 40 bits'];
const DOCUMENTS = [
  ['workbook', lockedXls, ['xor', 'rc4', ...API]],
  ['Word document', lockedDoc, ['rc4', ...API]],
  ['presentation', lockedPpt, API],
] as const;

describe('encrypted Office documents before 2007', () => {
  for (const [kind, build, schemes] of DOCUMENTS) {
    for (const scheme of schemes) {
      it(`open with the right one of several passwords: ${kind}, ${scheme}`, async () => {
        const bytes = build(content, scheme, 'secret4711');
        assert.equal(bytes.includes(MARKER), false);
        const opened = await open(bytes, ['wrong', 'secret4711', 'other']);
        assert.equal(yields(opened, content.toString()), true);
        assert.deepEqual(opened.causes, []);
      });

      it(`are called encrypted without it: ${kind}, ${scheme}`, async () => {
        const opened = await open(build(content, scheme, 'secret4711'), ['wrong']);
        assert.equal(yields(opened, MARKER), false);
        assert.deepEqual(opened.causes, ['encrypted']);
      });

      it(`open without a question under the password that Excel tries: ${kind}, ${scheme}`, async () => {
        assert.equal(yields(await open(build(content, scheme, 'VelvetSweatshop')), MARKER), true);
      });

      it(`never stop the scan whatever is changed: ${kind}, ${scheme}`, async () => {
        const bytes = build(content, scheme, 'secret4711');
        for (let at = 512; at < bytes.length; at += 61) {
          const changed = Buffer.from(bytes);
          changed[at] = (changed[at] ?? 0) ^ 0xff;
          assert.equal((await open(changed, ['secret4711'])).stopped, undefined);
        }
      });
    }
  }
});

function openPresentation(objects: number): Promise<Opened> {
  return open(lockedPpt(content, 'cryptoapi', 'VelvetSweatshop', objects));
}

describe('an encrypted presentation', () => {
  it('may have so many objects and not one more', async () => {
    const within = await openPresentation(MAX_PERSIST_OBJECTS);
    assert.equal(yields(within, MARKER), true);
    assert.deepEqual(within.causes, []);
    assert.deepEqual((await openPresentation(MAX_PERSIST_OBJECTS + 1)).causes, ['encrypted']);
  });
});

describe('XOR obfuscation', () => {
  it('has the published key and sum of the password that Excel tries', () => {
    assert.equal(xorKey('VelvetSweatshop'), 0xb359);
    assert.equal(xorVerifier('VelvetSweatshop'), 0x9a0a);
  });
});

function withPictures(pictures: (key: Buffer) => Buffer): Promise<Opened> {
  return open(lockedPpt(Buffer.from('a slide'), 'cryptoapi', 'VelvetSweatshop', 2, pictures));
}

describe('pictures of an encrypted presentation', () => {
  it('are decrypted, of every kind, one after the other', async () => {
    const kinds = [
      [0xf01e, 0x6e0],
      [0xf01e, 0x6e1],
      [0xf01a, 0x3d4],
      [0xf01b, 0x217],
    ] as const;
    for (const [kind, instance] of kinds) {
      const opened = await withPictures((key) =>
        Buffer.concat([
          sealedPicture(Buffer.from('another picture'), key),
          sealedPicture(content, key, kind, instance),
        ]),
      );
      assert.equal(yields(opened, content.toString()), true);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('are called encrypted where they are none', async () => {
    const opened = await withPictures((key) =>
      Buffer.concat([sealedPicture(content, key), Buffer.from('something that is not a picture')]),
    );
    assert.equal(yields(opened, content.toString()), true);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('are decrypted up to so many', () => {
    const key = Buffer.alloc(16, 3);
    const one = sealedPicture(Buffer.from('x'), key);
    const isSealed = [MAX_SEALED_PICTURES, MAX_SEALED_PICTURES + 1].map(
      (count) => decryptPictures(Buffer.alloc(one.length * count, one), key).isSealed,
    );
    assert.deepEqual(isSealed, [false, true]);
  });
});
