import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildZip, type TestEntry } from '../../src/scan/unpack/zip-for-test.ts';
import { attachment, type Entity, multipart, plainPart, serialise } from '../corpus/mime-writer.ts';
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

/** Begins like the decoy; how the rest is packed nobody knows. */
const strange = { method: 97, crc: 1, size: 4000 };
const damaged = buildZip([
  alike,
  { name: 'invoice.exe', content: noise, method: 0, local: strange, central: strange },
]);

/** Each byte in quoted-printable, in lines of 25. */
function quoted(bytes: Buffer): string {
  const text = bytes.toString('hex').toUpperCase().replace(/../g, '=$&');
  return text.replace(/.{75}(?=.)/g, '$&=\r\n');
}

function uuLine(bytes: Buffer): string {
  const padded = Buffer.concat([bytes, Buffer.alloc((3 - (bytes.length % 3)) % 3)]);
  const groups = Array.from({ length: padded.length / 3 }, (_, i) => padded.readUIntBE(i * 3, 3));
  const sixes = groups.flatMap((group) => [18, 12, 6, 0].map((shift) => (group >> shift) & 63));
  return String.fromCodePoint(...[bytes.length, ...sixes].map((six) => (six === 0 ? 0x60 : six + 32)));
}

function uuencoded(bytes: Buffer): string {
  const lines = Array.from({ length: Math.ceil(bytes.length / 45) }, (_, i) =>
    uuLine(bytes.subarray(i * 45, i * 45 + 45)),
  );
  return ['begin 644 a.zip', ...lines, '`', 'end', ''].join('\r\n');
}

function zipPart(encoding: string, body: Buffer | string): Entity {
  const headers = ['Content-Type: application/zip; name="a.zip"', `Content-Transfer-Encoding: ${encoding}`];
  return { headers, body: Buffer.from(body) };
}

/** `html` first, and then something that no plain reading is enough for. */
function oddMail(html: string, ...parts: readonly Entity[]): Buffer {
  const page = plainPart(html, 'text/html; charset=us-ascii');
  return serialise(multipart('mixed', 'q', [page, ...parts]));
}

async function causeOf(message: Buffer): Promise<string> {
  const { verdict } = await corpusPipeline('starter only').scan(message, 'message');
  return verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
}

describe('an archive that is damaged, beside a clean one that begins alike', () => {
  const forwarded = attachment('message/rfc822', 'a.eml', mail(page(damaged), decoy));
  const nested = buildZip([{ name: 'inner.zip', content: damaged, method: 0 }]);
  const mails: Record<string, Buffer> = {
    'without the other': mail(page(damaged)),
    'in a page, the other attached': mail(page(damaged), decoy),
    'in a page with the other, and in an archive': mail(page(decoy, damaged), nested),
    'in the page of an attached message, the other attached to that': oddMail('<p>mail</p>', forwarded),
    'in a page, the other attached in quoted-printable': oddMail(
      page(damaged),
      zipPart('quoted-printable', quoted(decoy)),
    ),
    'in a page, the other uuencoded under an odd label': oddMail(
      page(damaged),
      zipPart('x-uuencode', uuencoded(decoy)),
    ),
    'in a page, the other in a spelling without structure': oddMail(
      page(damaged),
      zipPart('"quoted-printable"', quoted(decoy)),
    ),
  };
  for (const [place, bytes] of Object.entries(mails)) {
    it(`is unscannable ${place}`, async () => {
      assert.equal(await causeOf(bytes), 'malformed');
    });
  }
});

describe('an archive that is encrypted once its zeros are gone', () => {
  it('is no trouble as what a client shows of a clean one that it takes for a text', async () => {
    for (const encoding of ['8bit', 'binary', 'x-unknown', 'base64']) {
      const body = encoding === 'base64' ? decoy.toString('base64') : decoy;
      const headers = ['Content-Type: text/plain', `Content-Transfer-Encoding: ${encoding}`];
      const message = oddMail('<p>a file</p>', { headers, body: Buffer.from(body) });
      assert.equal(await causeOf(message), 'clean', encoding);
    }
  });

  it('is told when it has one zero', async () => {
    const other = buildZip([
      alike,
      { name: 'b.txt', content: noise, method: 0, local: sealed, central: sealed },
    ]);
    assert.equal(await causeOf(mail(page(other), decoy)), 'encrypted');
  });
});

/** Other bytes each time: whether a wrong decoding tears them depends on what they are. */
function variant(n: number): Buffer {
  const numbers = Array.from({ length: 30 }, (_, i) => String((i * 7919 + 13) * (n + 3)));
  return buildZip([{ name: 'readme.txt', content: Buffer.from(numbers.join(' ')) }]);
}

/** Letters stand for themselves, so that some of what the archive holds looks encoded once more. */
function literally(bytes: Buffer): string {
  return quoted(bytes).replaceAll(/=([45][0-9A-F])/g, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  );
}

it('a clean archive is clean in a page of an attached message, and attached to that', async () => {
  const forwarded = attachment('message/rfc822', 'a.eml', mail(page(decoy), decoy));
  assert.equal(await causeOf(oddMail('<p>mail</p>', forwarded)), 'clean');
});

describe('a clean archive that several readings see', () => {
  const twins: Record<string, (archive: Buffer) => Entity> = {
    'quoted-printable under an odd label': (archive) => zipPart('"quoted-printable"', literally(archive)),
    'base64 in lines that begin with a dot': (archive) =>
      zipPart('base64', archive.toString('base64').replaceAll(/.{1,60}/g, '.$&\r\n')),
    'uuencode under an odd label': (archive) => zipPart('x-uuencode', uuencoded(archive)),
  };
  for (const [name, part] of Object.entries(twins)) {
    it(`is clean in ${name}`, async () => {
      for (let n = 0; n < 24; n += 1) {
        assert.equal(await causeOf(oddMail('<p>a file</p>', part(variant(n)))), 'clean', `variant ${n}`);
      }
    });
  }
});
