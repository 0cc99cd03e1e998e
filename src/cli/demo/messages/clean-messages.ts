import {
  attachedMessage,
  crlf,
  file,
  message,
  multipart,
  quotedPrintable,
  text,
  type Entity,
} from './entity.ts';
import { noise, pdfFile, pngFile, zipFile } from './sample-files.ts';

/** Name, subject and body of what has to arrive untouched. */
export type Sample = readonly [name: string, subject: string, body: Entity];

/** 1.5 MB of content are 2 MB on the wire. */
const LARGE_BYTES = 1_500_000;

/** Clean mail of all kinds. */
export function cleanSamples(): readonly Sample[] {
  return [...textSamples(), ...attachmentSamples(), ...structureSamples()];
}

function textSamples(): readonly Sample[] {
  const sentence = 'All work and no play makes a long line. ';
  return [
    ['plain text', 'Lunch on Friday', text('Shall we meet at noon?\n\nAnn\n')],
    ['empty body', 'Nothing inside', text('')],
    [
      'quoted-printable',
      '=?utf-8?q?Gr=C3=BC=C3=9Fe?=',
      quotedPrintable(
        'Grüße aus Köln = schön.   \n'.repeat(4) + `${'Eine lange Zeile über viele Wörter. '.repeat(9)}\n`,
      ),
    ],
    [
      '8bit UTF-8',
      'Cafe',
      text('Ein Café, zwei Crêpes, drei Šálky čaje, 四つの茶\n'.repeat(5), undefined, '8bit'),
    ],
    ['ISO-2022-JP', '=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=', japanese()],
    ['lines with leading dots', 'Dots', text('.\n..\n...three\n.hidden\nend\n..\n')],
    ['long lines', 'Long lines', text(`${sentence.repeat(600)}\n${'x'.repeat(70_000)}\n`)],
  ];
}

function japanese(): Entity {
  const greeting = Buffer.from('\x1b$B$3$s$K$A$O\x1b(B, hello.\r\n', 'latin1');
  return text(greeting, 'text/plain; charset=ISO-2022-JP');
}

function attachmentSamples(): readonly Sample[] {
  const note = text('Please find the file attached.\n');
  const archive = zipFile('readme.txt', Buffer.from('Nothing to see here.\n'.repeat(40)));
  const large = noise(LARGE_BYTES);
  const image = file('logo.png', 'image/png', pngFile(64), 'inline');
  const inline: Entity = { ...image, headers: [...image.headers, ['Content-ID', '<logo@example.test>']] };
  const page = text('<p>Logo: <img src="cid:logo@example.test"></p>\n', 'text/html; charset=utf-8');
  return [
    [
      'PDF attachment',
      'Invoice 4711',
      multipart('mixed', 'pdf', [note, file('invoice.pdf', 'application/pdf', pdfFile())]),
    ],
    [
      'PNG attachment',
      'Picture',
      multipart('mixed', 'png', [note, file('grey.png', 'image/png', pngFile(200))]),
    ],
    ['inline image', 'Newsletter', multipart('related', 'inline', [page, inline], ' type="text/html";')],
    [
      'zip with a text file',
      'Archive',
      multipart('mixed', 'zip', [note, file('notes.zip', 'application/zip', archive)]),
    ],
    [
      '2 MB attachment',
      'Large',
      multipart('mixed', 'large', [note, file('data.bin', 'application/octet-stream', large)]),
    ],
  ];
}

function structureSamples(): readonly Sample[] {
  const html = quotedPrintable(
    '<html><body><h1>Hello</h1><p>çava?</p></body></html>\n',
    'text/html; charset=utf-8',
  );
  const alternative = multipart('alternative', 'alt', [text('Hello\n'), html]);
  const inner = message('Original', text('The message that is forwarded.\n'), 90);
  const signature = text(
    '-----BEGIN PGP SIGNATURE-----\n\nbm90IGEgcmVhbCBvbmU=\n-----END PGP SIGNATURE-----\n',
    'application/pgp-signature',
  );
  const signed = multipart(
    'signed',
    'sig',
    [text('Signed text.  \n'), signature],
    ' protocol="application/pgp-signature";',
  );
  const invitation = text(crlfLines(EVENT), 'text/calendar; charset=utf-8; method=REQUEST');
  const report = text(
    'Reporting-MTA: dns; mx.example.test\n\nFinal-Recipient: rfc822;x@example.test\nAction: failed\nStatus: 5.1.1\n',
    'message/delivery-status',
  );
  return [
    ['HTML alternative', 'Hello', alternative],
    [
      'forwarded message',
      'Fwd: Original',
      multipart('mixed', 'fwd', [text('See below.\n'), attachedMessage(inner)]),
    ],
    ['signed message', 'Signed', signed],
    [
      'calendar invitation',
      'Meeting',
      multipart('alternative', 'cal', [text('Meeting at ten.\n'), invitation]),
    ],
    [
      'delivery report',
      'Undelivered',
      multipart('report', 'dsn', [text('It failed.\n'), report], ' report-type=delivery-status;'),
    ],
  ];
}

const EVENT = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'UID:1@example.test',
  'DTSTART:20261001T100000Z',
  'SUMMARY:Meeting',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
];

function crlfLines(lines: readonly string[]): string {
  return crlf(lines.join('\n'));
}
