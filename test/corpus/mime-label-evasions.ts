/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Evasion, MARKER, partsOf } from './mime-evasions.ts';

/**
 * Messages whose labels, and what stands behind them, a scanner reads otherwise than a client: charsets, compressions,
 * lines that go on, and encodings of texts.
 */

const TOP = 'From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n';

function coded(fields: string, body: Buffer): Buffer {
  const text = body.toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(`${TOP}${fields}\r\nContent-Transfer-Encoding: base64\r\n\r\n${text}\r\n`, 'latin1');
}

function plain(fields: string, body: string): Buffer {
  return Buffer.from(`${TOP}${fields}\r\n\r\n${body}`, 'latin1');
}

const PAGE = Buffer.from(`<html><body><p>Look at ${MARKER} and so on.</p></body></html>`);

function contentCodings(): Evasion[] {
  const row = 'content encoding field';
  const page = (coding: string, body: Buffer): Buffer =>
    coded(`Content-Type: text/html\r\nContent-Encoding: ${coding}`, body);
  const twice = partsOf(
    'b',
    ...['', 'Content-Encoding: br\r\n'].map(
      (field) =>
        `Content-Type: text/html\r\n${field}Content-Transfer-Encoding: base64\r\n\r\n` +
        brotliCompressSync(PAGE).toString('base64'),
    ),
  );
  return [
    { row, name: 'gzip', message: page('gzip', gzipSync(PAGE)) },
    { row, name: 'deflate', message: page('deflate', deflateSync(PAGE)) },
    { row, name: 'deflate without zlib header', message: page('deflate', deflateRawSync(PAGE)) },
    { row, name: 'brotli', message: page('br', brotliCompressSync(PAGE)) },
    {
      row,
      name: 'two, one in the other',
      message: page('deflate, gzip', gzipSync(deflateRawSync(PAGE))),
    },
    {
      row,
      name: 'the same bytes without the label first',
      message: plain('Content-Type: multipart/mixed; boundary=b', twice),
    },
  ];
}

/** Letters, digits and the hyphen of ASCII in code page 500. */
function ebcdic(text: string): Buffer {
  const rows: readonly (readonly [number, string])[] = [
    [0xc1, 'ABCDEFGHI'],
    [0xd1, 'JKLMNOPQR'],
    [0xe2, 'STUVWXYZ'],
    [0x60, '-'],
  ];
  return Buffer.from(
    Array.from(text, (letter) => {
      const [start = 0x40, letters = ' '] = rows.find(([, row]) => row.includes(letter)) ?? [];
      return start + letters.indexOf(letter);
    }),
  );
}

function charsetLabels(): Evasion[] {
  const row = 'charset label';
  const types = [
    'text/plain; charset=IBM01140',
    'text/plain; charset=cp37',
    '(a comment) text/plain; charset=ibm500',
    'text/plain; (a comment) charset = (another) ibm500',
    'text/plain; charset*0=ibm; charset*1=500',
    "text/plain; charset*=us-ascii''ibm500",
    'text/plain; charset=us-ascii; charset=ibm500',
    'text/plain; charset=ibm500; charset=us-ascii',
    'text/plain; charset=us-ascii\r\nContent-Type: text/plain; charset=ibm500',
    'text/plain charset=ibm500',
    "text/plain; charset='ibm500'",
  ];
  const body = ebcdic(`LOOK AT ${MARKER} AND SO ON`);
  const part = (type: string): string =>
    `Content-Type: ${type}\r\nContent-Transfer-Encoding: base64\r\n\r\n${body.toString('base64')}`;
  const twice = partsOf('b', part('application/octet-stream'), part('text/plain; charset=ibm500'));
  const turned = Buffer.from(`Look at ${MARKER.replace('-', '\xad')} and so on`, 'latin1');
  return [
    ...['x-mac-arabic', 'x-mac-hebrew'].map((charset) => ({
      row,
      name: `${charset}, signs of the other direction`,
      message: coded(`Content-Type: text/plain; charset=${charset}`, turned),
    })),
    ...types.map((type) => ({
      row,
      name: JSON.stringify(type),
      message: coded(`Content-Type: ${type}`, body),
    })),
    {
      row,
      name: 'the same bytes without the label first',
      message: plain('Content-Type: multipart/mixed; boundary=b', twice),
    },
  ];
}

/** UTF-8 of ASCII in more bytes than it needs. */
function overlong(text: string, length: 2 | 3 | 4): Buffer {
  const leads = { 2: [], 3: [0xe0], 4: [0xf0, 0x80] };
  return Buffer.concat(
    Array.from(Buffer.from(text), (byte) => {
      const high = length === 2 ? 0xc0 | (byte >> 6) : 0x80 | (byte >> 6);
      return Buffer.from([...leads[length], high, 0x80 | (byte & 0x3f)]);
    }),
  );
}

function brokenTexts(): Evasion[] {
  const row = 'characters of a text';
  const type = 'Content-Type: text/plain; charset=utf-8';
  const words = (letters: Iterable<string>, joint: string): string =>
    `Look at ${[...letters].join(joint)} now`;
  const flowed = `${type}; format=flowed; delsp=yes`;
  return [
    ...([2, 3, 4] as const).map((length) => ({
      row,
      name: `overlong UTF-8, ${length} bytes`,
      message: coded(type, overlong(`Look at ${MARKER} now`, length)),
    })),
    { row, name: 'NUL between the letters', message: plain(type, words(MARKER, '\0')) },
    { row, name: 'backspace and shifts', message: plain(type, words(MARKER, '\x08\x0e\x0f')) },
    {
      row,
      name: 'lines that go on',
      message: plain(flowed, words([MARKER.slice(0, 5), MARKER.slice(5)], ' \r\n')),
    },
    {
      row,
      name: 'NUL in a soft break',
      message: plain(
        `${type}\r\nContent-Transfer-Encoding: quoted-printable`,
        words([MARKER.slice(0, 5), MARKER.slice(5)], '=\0\r\n'),
      ),
    },
    {
      row,
      name: 'LF CR in a soft break',
      message: plain(
        `${type}\r\nContent-Transfer-Encoding: quoted-printable`,
        words([MARKER.slice(0, 5), MARKER.slice(5)], '=\n\r'),
      ),
    },
  ];
}

const XX = '+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** xxencode of one line of at most 45 bytes. */
function xxencode(text: string): string {
  const bytes = Buffer.from(text);
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,6}/g) ?? [];
  const letters = groups.map((group) => XX[Number.parseInt(group.padEnd(6, '0'), 2)] ?? '');
  return `${XX[bytes.length] ?? ''}${letters.join('')}`;
}

function codedTexts(): Evasion[] {
  const row = 'inline encoding';
  const text = 'Content-Type: text/plain';
  const xx = `begin 644 a.txt\r\n${xxencode(`see ${MARKER} and so on`)}\r\n+\r\nend\r\n`;
  return [
    { row, name: 'xxencode in the text', message: plain(text, `Look:\r\n\r\n${xx}bye`) },
    {
      row,
      name: 'xxencode as a file',
      message: coded('Content-Type: application/octet-stream', Buffer.from(xx)),
    },
  ];
}

/** A base64 word is cut between two letters, so that neither half is whole by itself. */
function cutWords(): Evasion[] {
  const row = 'encoded words';
  const word = Buffer.from(MARKER).toString('base64');
  const wide = Buffer.from(MARKER, 'utf16le').swap16();
  const halves = [wide.subarray(0, 5), wide.subarray(5)].map((half) => half.toString('base64'));
  const subject = (...words: readonly string[]): Buffer => plain(`X-A: ${words.join('\r\n ')}`, 'hello');
  return [
    {
      row,
      name: 'base64 cut in two words',
      message: subject(`=?utf-8?b?${word.slice(0, 6)}?=`, `=?utf-8?b?${word.slice(6)}?=`),
    },
    {
      row,
      name: 'a character cut in two words',
      message: subject(...halves.map((half) => `=?utf-16be?b?${half}?=`)),
    },
    {
      row,
      name: 'escapes of ISO-2022-JP that write nothing',
      message: subject(
        `=?iso-2022-jp?b?${Buffer.from(`${MARKER.slice(0, 5)}\u001b$B\u001b(B${MARKER.slice(5)}`).toString('base64')}?=`,
      ),
    },
    { row, name: 'EBCDIC', message: subject(`=?ibm037?b?${ebcdic(MARKER).toString('base64')}?=`) },
  ];
}

/** Names that are rather texts, each letter in digits (RFC 2231). */
function escapedNames(): Evasion[] {
  const row = 'encoded words';
  const escaped = Array.from(MARKER, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  const named = (parameters: string): Buffer =>
    plain(`Content-Type: text/plain\r\nContent-Disposition: inline; ${parameters}`, 'hello');
  const parts = [4, 0, 2, 1, 3].map(
    (part) =>
      `filename*${part}*=${part === 0 ? "utf-8''" : ''}${escaped.slice(part * 3, part * 3 + 3).join('')}`,
  );
  return [
    {
      row,
      name: 'escapes in a file name that announces none',
      message: named(`filename="${escaped.join('')}"`),
    },
    { row, name: 'escapes in a file name', message: named(`filename*=utf-8''${escaped.join('')}`) },
    { row, name: 'escapes in the parts of a file name', message: named(parts.join(';\r\n ')) },
    {
      row,
      name: 'escapes in the name of a part',
      message: plain(
        'Content-Type: multipart/mixed; boundary=b',
        partsOf('b', `Content-Disposition: attachment; filename*=''${escaped.join('')}\r\n\r\nhello`),
      ),
    },
    {
      row,
      name: 'escapes in a name',
      message: plain(`Content-Type: text/plain; name*=''${escaped.join('')}`, 'x'),
    },
  ];
}

/** Every case, all rows. */
export function mimeLabelEvasions(): Evasion[] {
  return [
    ...contentCodings(),
    ...charsetLabels(),
    ...brokenTexts(),
    ...codedTexts(),
    ...cutWords(),
    ...escapedNames(),
  ];
}
