import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createDataBase64Unpacker } from './data-base64.ts';
import { openAll, yields } from './open-all.ts';

const START = Buffer.from('ffd8ffe000104a46494600010100', 'hex');
const TEXT = 'A program that somebody hides in a picture, line by line. '.repeat(4);

function picture(letters: string, lead = ''): Buffer {
  return Buffer.concat([START, Buffer.alloc(64, 1), Buffer.from(lead + letters), Buffer.alloc(64, 1)]);
}

function recognises(bytes: Buffer): boolean {
  return createDataBase64Unpacker().recognises({ path: '1', bytes, depth: 0 });
}

describe('base64 in data', () => {
  const letters = Buffer.from(TEXT).toString('base64').replace(/=+$/, '');

  it('is read from 192 letters on', () => {
    assert.ok(recognises(picture(letters.slice(0, 192))));
    assert.ok(!recognises(picture(letters.slice(0, 191))));
  });

  it('is read wherever it begins, behind letters of other data as well', async () => {
    for (const lead of ['', 'J', 'Jq', 'Jq+']) {
      assert.ok(yields(await openAll(picture(letters, lead)), 'A program that somebody'), lead);
    }
  });

  it('is no padding and no table of few letters', () => {
    assert.ok(!recognises(picture('UVUV'.repeat(100))));
  });
});
