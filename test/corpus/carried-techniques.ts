/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Files inside texts and data that are made for something else. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { deflateSync, gzipSync } from 'node:zlib';
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { le } from './container-bytes.ts';
import { Seeded } from './seeded.ts';
import { payload, plainMail, Row, type Technique, type Word } from './technique.ts';

function archive(word: Word): Buffer {
  return buildZip([{ name: 'a.txt', content: payload(word) }]);
}

/** What stands around each line; `n` is its number. */
const MARKS: Readonly<Record<string, (line: string, n: number) => string>> = {
  'quoted lines': (line) => `> ${line}`,
  'lines quoted twice': (line) => `>> ${line}`,
  'lines behind a bar': (line) => `| ${line}`,
  'lines of comments': (line) => `# ${line}`,
  'lines with a comma behind': (line) => `${line},`,
  'lines in quotes': (line) => `"${line}"`,
  'lines of encoded words': (line) => `=?utf-8?B?${line}?=`,
  'numbered lines': (line, n) => `${n}: ${line}`,
};

function markedLines(): Technique[] {
  const row = new Row('MIME', 'base64 in marked lines', 'whoever saves the text and takes the marks away');
  for (const [name, mark] of Object.entries(MARKS)) {
    row.whole(name, (word) => {
      const lines =
        archive(word)
          .toString('base64')
          .match(/.{1,76}/g) ?? [];
      return plainMail('Content-Type: text/plain', `Hello,\r\n\r\n${lines.map(mark).join('\r\n')}\r\n`);
    });
  }
  return row.cases;
}

function compressedValues(): Technique[] {
  const row = new Row(
    'archives',
    'compressed values',
    'the program that keeps its data so; a few lines of a script',
  );
  const zlib = (word: Word): Buffer => deflateSync(payload(word));
  const size = (word: Word): Buffer => le(payload(word).length, 4);
  return row
    .attached('behind its length, as MySQL writes it', 'a.bin', (word) =>
      Buffer.concat([size(word), zlib(word)]),
    )
    .attached('behind its length, as Qt writes it', 'a.bin', (word) =>
      Buffer.concat([Buffer.from(size(word).toReversed()), zlib(word)]),
    )
    .attached('in a database', 'a.db', (word) => database(zlib(word)))
    .attached('in a database, behind its length', 'a.db', (word) =>
      database(Buffer.concat([size(word), zlib(word)])),
    )
    .attached('in a database, over several pages', 'a.db', (word) =>
      database(Buffer.concat([size(word), deflateSync(Buffer.concat([scattered(9000), payload(word)]))])),
    )
    .attached('in a database, a file', 'a.db', (word) => database(deflateSync(archive(word)))).cases;
}

const DIGITS_85 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';
const LENGTHS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Base 85 of at most 52 bytes, filled up with zeros. */
function base85(bytes: Buffer): string {
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  return Array.from({ length: padded.length / 4 }, (_, index) => {
    const value = padded.readUInt32BE(index * 4);
    return [4, 3, 2, 1, 0].map((power) => DIGITS_85[Math.floor(value / 85 ** power) % 85] ?? '').join('');
  }).join('');
}

/** A file as `git diff --binary` writes it; `lineEnd` behind each line. */
function gitPatch(file: Buffer, lineEnd: string): string {
  const data = deflateSync(file);
  const lines = Array.from({ length: Math.ceil(data.length / 52) }, (_, index) => {
    const row = data.subarray(index * 52, index * 52 + 52);
    return `${LENGTHS[row.length - 1] ?? ''}${base85(row)}`;
  });
  const head = [
    'diff --git a/a.zip b/a.zip',
    'new file mode 100644',
    'index 0000000..1234567',
    'GIT binary patch',
  ];
  const empty = ['literal 0', 'HcmV?d00001', '', ''];
  return [...head, `literal ${file.length}`, ...lines, '', ...empty].join(lineEnd);
}

function patches(): Technique[] {
  const row = new Row('documents', 'files in patches', 'git apply');
  return row
    .attached('a new file', 'a.patch', (word) => Buffer.from(gitPatch(archive(word), '\n')))
    .whole('the last of several files in a mail', (word) =>
      plainMail(
        'Content-Type: text/plain',
        `Hello,\r\n---\r\n${gitPatch(Buffer.from('first'), '\r\n')}${gitPatch(payload(word), '\r\n')}-- \r\n2.40\r\n`,
      ),
    ).cases;
}

/** Bytes that do not shrink. */
export function scattered(length: number): Buffer {
  return Buffer.from(new Seeded('scattered').hex(length), 'hex');
}

/** A database with one value. */
function database(value: Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'postern-database-'));
  try {
    const path = join(folder, 'a.db');
    const file = new DatabaseSync(path);
    file.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, data BLOB);');
    file.prepare('INSERT INTO t (data) VALUES (?)').run(value);
    file.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** RFC 2046 5.2.3: behind the header of the body that lies elsewhere stands the phantom body, which some clients show. */
function phantoms(): Technique[] {
  const row = new Row('sealed envelopes', 'message/external-body', 'clients that read it as any message');
  const outer = 'Content-Type: message/external-body; access-type=local-file; name=x';
  const text = (word: Word): string => gzipSync(payload(word)).toString('base64');
  const encoded = 'Content-ID: <a@b>\r\nContent-Transfer-Encoding: base64\r\n\r\n';
  return row
    .whole('phantom body in base64', (word) => plainMail(outer, encoded + text(word)))
    .whole('phantom body without a label', (word) => plainMail(outer, `X-A: b\r\n\r\n${text(word)}`))
    .whole('phantom body without a header', (word) => plainMail(outer, `\r\n${text(word)}`))
    .whole('base64 around the phantom', (word) =>
      plainMail(
        `${outer}\r\nContent-Transfer-Encoding: base64`,
        Buffer.from(encoded + text(word)).toString('base64'),
      ),
    ).cases;
}

/** Every case of files inside of texts and data. */
export function carriedTechniques(): Technique[] {
  return [...markedLines(), ...compressedValues(), ...patches(), ...phantoms()];
}
