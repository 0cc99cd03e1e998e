import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUnpackers } from './index.ts';
import { MAX_ODF_ROUNDS } from './odf-encryption.ts';
import { lockedOdt } from './odf-for-test.ts';
import { MAX_ODF_ENTRIES } from './odf-manifest.ts';
import { openAll, type Opened, yields } from './open-all.ts';
import { buildZip } from './zip-for-test.ts';

const MARKER = 'POSTERN-TEST-MARK';
const password = 'secret4711';
const content = Buffer.from(`<text>harmless ${MARKER}</text>`.repeat(60));
const unpackers = createUnpackers();

function open(bytes: Buffer, passwords: readonly string[] = []): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords, now: () => 0 });
}

function spells(name: string): string {
  return name.replace('con', '&#99;&#x6F;n');
}

describe('encrypted OpenDocument files', () => {
  it('open with the right one of several passwords', async () => {
    const opened = await open(lockedOdt(content, { password, others: 5 }), ['wrong', password, 'other']);
    assert.equal(yields(opened, MARKER), true);
    assert.equal(yields(opened, 'picture Pictures/4.png'), true);
    assert.deepEqual(opened.causes, []);
  });

  it('open when their manifest names an entry by the numbers of its letters', async () => {
    const opened = await open(lockedOdt(content, { password, spells }), [password]);
    assert.equal(yields(opened, MARKER), true);
  });

  it('are called encrypted without it, once', async () => {
    const opened = await open(lockedOdt(content, { password }), ['wrong']);
    assert.equal(yields(opened, MARKER), false);
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('are called encrypted when the cipher is one that is not read', async () => {
    const seal = { password, algorithm: 'urn:oasis:names:tc:opendocument:xmlns:manifest:1.0#blowfish' };
    assert.deepEqual((await open(lockedOdt(content, seal), [password])).causes, ['encrypted']);
  });

  it('do not answer for the same manifest in another message', async () => {
    const odt = lockedOdt(content, { password });
    assert.deepEqual((await open(odt, [password])).causes, []);
    assert.deepEqual((await open(odt, [])).causes, ['encrypted']);
  });

  it('are still told by a manifest that stands alone', async () => {
    const manifest =
      '<m xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:encryption-data/></m>';
    const other = buildZip([{ name: 'other.xml', content: Buffer.from(manifest) }]);
    assert.deepEqual((await open(other)).causes, ['encrypted']);
  });

  it('may ask for so many rounds and not for one more', async () => {
    const withRounds = (rounds: number): Buffer => lockedOdt(content, { password, rounds, others: 0 });
    assert.deepEqual((await open(withRounds(MAX_ODF_ROUNDS), [password])).causes, []);
    assert.deepEqual((await open(withRounds(MAX_ODF_ROUNDS + 1), [password])).causes, ['encrypted']);
  });

  it('may have so many entries and not one more', async () => {
    const withOthers = (others: number): Buffer => lockedOdt(content, { password, others });
    assert.deepEqual((await open(withOthers(MAX_ODF_ENTRIES - 1), [password])).causes, []);
    assert.deepEqual((await open(withOthers(MAX_ODF_ENTRIES), [password])).causes, ['encrypted']);
  });

  it('never stop the scan whatever is changed', async () => {
    const bytes = lockedOdt(content, { password });
    for (let at = 0; at < bytes.length; at += 23) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0xff;
      assert.equal((await open(changed, [password])).stopped, undefined);
    }
  });
});
