/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Section 5 of the evasion notes: where in the bytes the content lies. */
import { deflateSync, gzipSync } from 'node:zlib';
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { base64Lines } from './mime-writer.ts';
import { mailWith, payload, plainMail, Row, type Technique, type Word } from './technique.ts';

const MEGABYTE = 1024 * 1024;
/** Sizes at which readers of other programs cut their input. */
const WINDOWS = [256 * 1024, MEGABYTE, 5 * MEGABYTE] as const;
/** Bytes that do not compress, are no text and begin no format. */
function filler(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0, state = 1; at < length; at += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = 0xa0 + ((state >>> 16) % 80);
  }
  return bytes;
}

function windows(): Technique[] {
  const row = new Row('sizes and edges', 'window', 'every client: it reads all of the file');
  for (const size of WINDOWS) {
    row.attached(`behind ${size} bytes`, 'a.bin', (word) => Buffer.concat([filler(size), Buffer.from(word)]));
    row.attached(`before ${size} bytes`, 'a.bin', (word) => Buffer.concat([payload(word, 1), filler(size)]));
  }
  return row
    .attached('in the last entry of a large zip', 'a.zip', (word) =>
      buildZip([
        { name: 'big', content: filler(3 * MEGABYTE), method: 0 },
        { name: 'last', content: payload(word) },
      ]),
    )
    .attached('after much compressed text', 'a.gz', (word) =>
      gzipSync(Buffer.concat([filler(4 * MEGABYTE), payload(word, 1)])),
    )
    .whole('behind 3 MB of text', (word) =>
      plainMail(
        'Content-Type: text/plain',
        Buffer.concat([Buffer.from('a line of text\r\n'.repeat(200_000)), Buffer.from(word)]),
      ),
    ).cases;
}

function chunkEdges(): Technique[] {
  const row = new Row('sizes and edges', 'chunk edge', 'every client: it has no chunks');
  for (const edge of [4096, 16_384, 65_536]) {
    for (const before of [1, 6, 11]) {
      row.attached(`${before} bytes before ${edge}`, 'a.bin', (word) =>
        Buffer.concat([filler(edge - before), Buffer.from(word), filler(500)]),
      );
    }
    row.attached(`deflated, across ${edge}`, 'a.z', (word) =>
      deflateSync(Buffer.concat([filler(edge - 5), Buffer.from(word), filler(900)])),
    );
  }
  return row.cases;
}

function encodedEdges(): Technique[] {
  const row = new Row('sizes and edges', 'encoded edge', 'every client');
  const fields = 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: ';
  const quoted = (word: Word, at: number): string => `${word.slice(0, at)}=\r\n${word.slice(at)}`;
  for (const shift of [0, 1, 2]) {
    const base64 = (word: Word): string => Buffer.from(`${'.'.repeat(51 + shift)}${word}`).toString('base64');
    row.whole(`line end inside the base64, shift ${shift}`, (word) =>
      plainMail(`${fields}base64`, base64(word).replace(/(.{76})/g, '$1\r\n')),
    );
  }
  for (const at of [1, 6, 11]) {
    row.whole(`soft break after ${at}`, (word) => plainMail(`${fields}quoted-printable`, quoted(word, at)));
  }
  return row.cases;
}

/** A mail with several files attached. */
function mailWithAll(files: Readonly<Record<string, Buffer>>): Buffer {
  const parts = Object.entries(files).map(
    ([name, bytes]) =>
      `--b\r\nContent-Type: application/octet-stream; name="${name}"\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${base64Lines(bytes).toString()}\r\n`,
  );
  return plainMail('Content-Type: multipart/mixed; boundary=b', `${parts.join('')}--b--\r\n`);
}

/** A zip archive as `zip -s` writes it, in two parts: a mark before the first, and its number in the second. */
function spanned(word: Word): [first: Buffer, last: Buffer] {
  const file = Buffer.concat([
    Buffer.from('PK\u0007\u0008'),
    buildZip([{ name: 'a', content: payload(word) }]),
  ]);
  file.writeUInt16LE(1, file.lastIndexOf('PK\u0005\u0006') + 4);
  return [file.subarray(0, 50), file.subarray(50)];
}

function splitOverParts(): Technique[] {
  const row = new Row('sizes and edges', 'split over parts', 'the reader, who joins the volumes');
  const volume = (word: Word): Buffer => buildZip([{ name: 'a', content: payload(word) }]).subarray(20, 60);
  return row
    .attached('later volume of 7z', 'a.7z.002', volume, { isSealed: true })
    .attached('later volume of zip', 'a.z01', volume, { isSealed: true })
    .attached('later volume of RAR', 'a.r00', volume, { isSealed: true })
    .whole('numbered parts in one mail', (word) => {
      const file = buildZip([{ name: 'a', content: payload(word) }]);
      return mailWithAll({
        'a.zip.002': file.subarray(30, 70),
        'a.zip.003': file.subarray(70),
        'a.zip.001': file.subarray(0, 30),
      });
    })
    .whole('a spanned zip archive in one mail', (word) => {
      const [first, last] = spanned(word);
      return mailWithAll({ 'a.z01': first, 'a.zip': last });
    })
    .whole(
      'numbered parts without the second',
      (word) => {
        const file = buildZip([{ name: 'a', content: payload(word) }]);
        return mailWithAll({ 'a.zip.001': file.subarray(0, 50), 'a.zip.003': file.subarray(60) });
      },
      { isSealed: true },
    ).cases;
}

function padding(): Technique[] {
  const row = new Row('sizes and edges', 'padding', 'every program: zeros behind a file harm nothing');
  return row
    .attached('zeros behind a program', 'a.bin', (word) =>
      Buffer.concat([payload(word), Buffer.alloc(6 * MEGABYTE)]),
    )
    .attached('zeros behind a program, zipped', 'a.zip', (word) =>
      buildZip([{ name: 'a', content: Buffer.concat([payload(word), Buffer.alloc(9 * MEGABYTE)]) }]),
    )
    .attached('blanks before base64', 'a.txt', (word) =>
      Buffer.concat([Buffer.alloc(2 * MEGABYTE, ' '), payload(word)]),
    )
    .whole('many harmless parts first', (word) => {
      const parts = Array.from(
        { length: 200 },
        (_, i) => `--b\r\nContent-Type: text/plain\r\n\r\nnote ${i}\r\n`,
      ).join('');
      const tail = mailWith('a.gz', gzipSync(payload(word))).toString('latin1');
      return plainMail(
        'Content-Type: multipart/mixed; boundary=b',
        `${parts}--b\r\nContent-Type: message/rfc822\r\n\r\n${tail}\r\n--b--\r\n`,
      );
    }).cases;
}

/** Every case of section 5. */
export function edgeTechniques(): Technique[] {
  return [...windows(), ...chunkEdges(), ...encodedEdges(), ...splitOverParts(), ...padding()];
}
