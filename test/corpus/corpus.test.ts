import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { eicar } from './eicar.ts';
import { infectedMail, markerBytes, survivingBytes } from './infected-mail.ts';
import { FULL_CORPUS, QUICK_CORPUS, realisticMail } from './realistic-mail.ts';

/** `printf MARKER | sha256sum`, as published with the test file. */
const EICAR_SHA256 = '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f';

function digest(seed: string): string[] {
  return realisticMail({ count: 10, totalBytes: 500_000 }, seed).map((message) =>
    createHash('sha256').update(message.bytes).digest('hex'),
  );
}

describe('realistic mail', () => {
  const mail = realisticMail(QUICK_CORPUS);

  it('has the asked number of messages and about the asked volume', () => {
    assert.equal(mail.length, QUICK_CORPUS.count);
    const total = mail.reduce((sum, message) => sum + message.bytes.length, 0);
    assert.ok(Math.abs(total - QUICK_CORPUS.totalBytes) < QUICK_CORPUS.totalBytes * 0.05, `${total} bytes`);
  });

  it('keeps the share of messages below 30 kB at every scale', () => {
    const small = mail.filter((message) => message.bytes.length < 30_000).length;
    assert.equal(small, Math.round((QUICK_CORPUS.count * 287) / FULL_CORPUS.count));
  });

  it('is the same for the same seed and another for another', () => {
    assert.deepEqual(digest('one'), digest('one'));
    assert.notDeepEqual(digest('one'), digest('two'));
  });

  it('has CRLF line ends only, also at the end, and no marker', () => {
    for (const message of mail) {
      const text = message.bytes.toString('latin1');
      assert.ok(!/[^\r]\n|\r(?!\n)/.test(text), `${message.name} has a bare CR or LF`);
      assert.ok(text.endsWith('\r\n'), message.name);
      assert.equal(markerBytes(message.bytes), 0, message.name);
    }
  });

  it('names every message once, and the name is its Message-ID', () => {
    assert.equal(new Set(mail.map((message) => message.name)).size, mail.length);
    for (const message of mail) {
      assert.ok(message.bytes.includes(`Message-ID: <${message.name}@corpus.example>\r\n`));
    }
  });
});

describe('infected mail', () => {
  it('carries exactly the published test file', () => {
    assert.equal(createHash('sha256').update(eicar()).digest('hex'), EICAR_SHA256);
  });

  it('knows where the guilty leaf stands, and counts what survives of it', () => {
    for (const message of infectedMail()) {
      const { start, end } = message.guilty;
      const neutralised = Buffer.from(message.bytes).fill('#', start, end);
      assert.ok(survivingBytes(message.bytes, message) > 0, message.name);
      assert.equal(survivingBytes(neutralised, message), 0, message.name);
    }
  });
});
