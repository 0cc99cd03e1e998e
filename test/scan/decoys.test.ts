import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildZip, type TestEntry } from '../../src/scan/unpack/zip-for-test.ts';
import { attachment, multipart, plainPart, serialise } from '../corpus/mime-writer.ts';
import { corpusPipeline } from './corpus-pipeline.ts';

const alike: TestEntry = {
  name: 'readme.txt',
  content: Buffer.from('please read this text first '.repeat(5)),
};
const noise = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 7919 + 13) % 251));
const sealed = { flags: 1, crc: 1 };

/** Opens as a whole. */
const decoy = buildZip([alike]);
/** Begins like the decoy; the rest needs a password that nobody knows. */
const locked = buildZip([
  alike,
  { name: 'invoice.exe', content: noise, method: 0, local: sealed, central: sealed },
]);

function page(...archives: readonly Buffer[]): string {
  const calls = archives.map((bytes) => `save(new Blob([atob("${bytes.toString('base64')}")]));`);
  return `<html><script>${calls.join('\n')}</script></html>`;
}

function mail(html: string, ...files: readonly Buffer[]): Buffer {
  const parts = files.map((bytes) => attachment('application/zip', 'a.zip', bytes));
  return serialise(multipart('mixed', 'q', [plainPart(html, 'text/html; charset=us-ascii'), ...parts]));
}

describe('an archive that nobody can open, beside a clean one that begins alike', () => {
  const mails: Record<string, Buffer> = {
    'without the other': mail(page(locked)),
    'in a page, the other attached': mail(page(locked), decoy),
    'in one page with the other': mail(page(decoy, locked)),
    'attached, like the other': mail('<p>two files</p>', decoy, locked),
  };
  for (const [place, bytes] of Object.entries(mails)) {
    it(`is unscannable ${place}`, async () => {
      const { verdict } = await corpusPipeline('starter only').scan(bytes, 'message');
      assert.deepEqual(verdict.kind === 'unscannable' ? verdict.cause : verdict.kind, 'encrypted');
    });
  }

  it('is what the mail is called for: the clean one is clean', async () => {
    const { verdict } = await corpusPipeline('starter only').scan(mail(page(decoy), decoy), 'message');
    assert.equal(verdict.kind, 'clean');
  });
});
