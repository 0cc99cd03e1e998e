/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Legal, ordinary mail that resembles a technique: each must be clean, whatever the tricks of others look like. */
import { gzipSync } from 'node:zlib';
import { buildOle } from '../../src/scan/unpack/ole-for-test.ts';
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { cab, TAR_END, tarEntry } from './container-bytes.ts';
import { dailyLookalikes } from './daily-lookalikes.ts';
import { uuencode, yencParts } from './mime-evasions.ts';
import { Seeded } from './seeded.ts';
import { mailWith, plainMail } from './technique.ts';

export interface Lookalike {
  /** Row of the technique table that it resembles. */
  readonly row: string;
  readonly name: string;
  readonly message: Buffer;
}

const TEXT =
  'Dear all,\r\n\r\nplease find the minutes below. See https://example.org/a?b=c%20d for more.\r\n\r\nKind regards\r\n';
const LEAF = `Content-Type: text/plain; charset=utf-8\r\n\r\n${TEXT}`;
const PICTURE = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(900, 9)]);
const PICTURE_PART = `Content-Type: image/png; name="a.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n${PICTURE.toString('base64').replace(/(.{76})/g, '$1\r\n')}`;

function parts(boundary: string, ...entities: readonly string[]): string {
  return `${entities.map((entity) => `--${boundary}\r\n${entity}\r\n`).join('')}--${boundary}--\r\n`;
}

function multi(parameters: string, boundary: string, body = parts(boundary, LEAF, PICTURE_PART)): Buffer {
  return plainMail(`Content-Type: multipart/mixed; ${parameters}`, body);
}

function headers(): Lookalike[] {
  const encoding = 'Content-Transfer-Encoding: 8bit';
  const type = 'Content-Type: text/plain; charset=utf-8';
  const list: readonly (readonly [string, string, Buffer])[] = [
    [
      'framing',
      'mbox From line first',
      Buffer.concat([Buffer.from('From a@b Mon Jan  1 00:00:00 2026\r\n'), plainMail(type, TEXT)]),
    ],
    ['framing', 'LF only', Buffer.from(plainMail(type, TEXT).toString().replaceAll('\r\n', '\n'))],
    [
      'framing',
      'CR CR LF throughout',
      Buffer.from(multi('boundary="b"', 'b').toString('latin1').replaceAll('\r\n', '\r\r\n'), 'latin1'),
    ],
    [
      'framing',
      'CR CR LF in an attached message',
      plainMail(
        'Content-Type: message/rfc822',
        multi('boundary="b"', 'b').toString('latin1').replaceAll('\r\n', '\r\r\n'),
      ),
    ],
    ['framing', 'one bare LF in the text', plainMail(type, TEXT.replace('\r\n\r\n', '\n\r\n'))],
    [
      'framing',
      'long Received chain',
      plainMail(
        `${'Received: from a.example by b.example; Mon, 1 Jan 2026 00:00:00 +0000\r\n'.repeat(40)}${type}`,
        TEXT,
      ),
    ],
    ['framing', 'folded with a tab', plainMail(`X-Long: a\r\n\tb\r\n\tc\r\n${type}`, TEXT)],
    ['framing', 'empty body', plainMail(type, '')],
    ['framing', 'no MIME fields', plainMail('X-Mailer: old', TEXT)],
    [
      'framing',
      'a text that quotes header lines',
      plainMail(type, `You wrote:\r\n\r\nFrom: me\r\nTo: you\r\nSubject: it\r\n\r\n${TEXT}`),
    ],
    [
      'transfer encoding field',
      'identical duplicate',
      plainMail(`${encoding}\r\n${encoding}\r\n${type}`, TEXT),
    ],
    [
      'transfer encoding field',
      'comment',
      plainMail(`Content-Transfer-Encoding: 7bit (plain)\r\n${type}`, TEXT),
    ],
    ['transfer encoding field', 'upper case', plainMail(`Content-Transfer-Encoding: 7BIT\r\n${type}`, TEXT)],
    ['content type field', 'identical duplicate', plainMail(`${type}\r\n${type}`, TEXT)],
    [
      'content type field',
      'charset in quotes',
      plainMail('Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes', TEXT),
    ],
    ['content type field', 'RFC 2231 name', mailWith('a.png"; name*=utf-8\'\'%C3%A4.png; x="', PICTURE)],
    ['content type field', 'encoded-word name', mailWith('=?utf-8?Q?=C3=A4.png?=', PICTURE)],
    [
      'content type field',
      'encoded subject',
      plainMail(`Subject: =?utf-8?B?${Buffer.from('Grüße aus Köln').toString('base64')}?=\r\n${type}`, TEXT),
    ],
  ];
  return list.map(([row, name, message]) => ({ row, name, message }));
}

function structures(): Lookalike[] {
  const inner = `Content-Type: multipart/alternative; boundary="=_outer_1"\r\n\r\n${parts('=_outer_1', LEAF, LEAF.replace('plain', 'html'))}`;
  const forwarded = plainMail('Content-Type: text/plain', TEXT).toString('latin1');
  const list: readonly (readonly [string, string, Buffer])[] = [
    ['boundary', 'dashes', multi('boundary="------------0707010000"', '------------0707010000')],
    ['boundary', 'odd but legal', multi('boundary="=_(a)+,-./:=?\'_"', "=_(a)+,-./:=?'_")],
    ['boundary', 'inner blank', multi('boundary="a b"', 'a b')],
    ['boundary', 'folded parameter', multi('\r\n\tboundary="abc"', 'abc')],
    [
      'boundary',
      'inner begins like the outer',
      multi('boundary="=_outer"', '=_outer', parts('=_outer', inner, PICTURE_PART)),
    ],
    [
      'structure',
      'trailing blank behind a delimiter',
      multi('boundary=b', 'b', parts('b', LEAF, PICTURE_PART).replace('--b\r\n', '--b \r\n')),
    ],
    [
      'structure',
      'preamble and epilogue',
      multi('boundary=b', 'b', `This is a message in MIME format.\r\n${parts('b', LEAF)}\r\nend\r\n`),
    ],
    [
      'structure',
      'a signature delimiter and rules of dashes',
      plainMail('Content-Type: text/plain', `${TEXT}-- \r\nA. B.\r\n${'-'.repeat(40)}\r\n--\r\n`),
    ],
    ['structure', 'empty part', multi('boundary=b', 'b', parts('b', '', LEAF))],
    [
      'structure',
      'delivery report',
      plainMail(
        'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
        parts(
          'b',
          LEAF,
          'Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; a.example\r\n\r\nFinal-Recipient: rfc822; b@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n',
          `Content-Type: text/rfc822-headers\r\n\r\n${forwarded.slice(0, 60)}`,
        ),
      ),
    ],
    [
      'structure',
      'digest',
      plainMail(
        'Content-Type: multipart/digest; boundary=b',
        parts('b', `\r\n${forwarded}`, `\r\n${forwarded}`),
      ),
    ],
    [
      'structure',
      'DKIM signed',
      plainMail(
        `DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=x; h=from:to;\r\n bh=${Buffer.alloc(32, 1).toString('base64')};\r\n b=${Buffer.alloc(128, 2).toString('base64')}\r\nContent-Type: text/plain`,
        TEXT,
      ),
    ],
    [
      'structure',
      'PGP signed',
      plainMail(
        'Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary=b',
        parts(
          'b',
          LEAF,
          `Content-Type: application/pgp-signature\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\n${Buffer.concat(
            [Buffer.from('c0ff', 'hex'), Buffer.alloc(70, 4)],
          )
            .toString('base64')
            .replace(/(.{64})/, '$1\r\n')}\r\n-----END PGP SIGNATURE-----`,
        ),
      ),
    ],
    [
      'embedded message',
      'forwarded',
      multi('boundary=b', 'b', parts('b', LEAF, `Content-Type: message/rfc822\r\n\r\n${forwarded}`)),
    ],
    ['embedded message', 'forwarded as eml', mailWith('a.eml', Buffer.from(forwarded))],
    [
      'embedded message',
      'quoted in the text',
      plainMail(
        'Content-Type: text/plain',
        `----- Original Message -----\r\n${forwarded.replaceAll(/^/gm, '> ')}`,
      ),
    ],
  ];
  return list.map(([row, name, message]) => ({ row, name, message }));
}

function bodies(): Lookalike[] {
  const encoded = (encoding: string, body: string, type = 'text/plain; charset=utf-8'): Buffer =>
    plainMail(`Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}`, body);
  const base64 = Buffer.from(TEXT.repeat(5)).toString('base64');
  const page = `<html><head><style>p { color: red }</style></head><body><p>Hello</p><img src="data:image/png;base64,${PICTURE.toString('base64')}"></body></html>`;
  const list: readonly (readonly [string, string, Buffer])[] = [
    ['base64 body', '76 a line', encoded('base64', base64.replace(/(.{76})/g, '$1\r\n'))],
    [
      'base64 body',
      '60 a line and a blank line behind',
      encoded('base64', `${base64.replace(/(.{60})/g, '$1\r\n')}\r\n\r\n`),
    ],
    [
      'base64 body',
      'mailing list footer behind it',
      encoded(
        'base64',
        `${Buffer.from('hello there, all of you!').toString('base64')}\r\n_______________________________________________\r\nlist@example.org\r\n`,
      ),
    ],
    [
      'quoted-printable body',
      'soft breaks',
      encoded('quoted-printable', `Gr=C3=BC=C3=9Fe, this is a long line that goes on=\r\n and on =3D 5\r\n`),
    ],
    ['quoted-printable body', 'a stray =', encoded('quoted-printable', 'a = b, 50% = half\r\n')],
    [
      'charset',
      'UTF-16 text',
      plainMail(
        'Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64',
        Buffer.from('\ufeffhello there, how are you?', 'utf16le').toString('base64'),
      ),
    ],
    [
      'charset',
      'ISO-2022-JP',
      plainMail('Content-Type: text/plain; charset=iso-2022-jp', '\x1b$B$3$s$K$A$O\x1b(B\r\n'),
    ],
    [
      'charset',
      'plus and minus signs',
      plainMail('Content-Type: text/plain', 'C++ and +1-555-0100 and a+b-c\r\n'),
    ],
    [
      'charset',
      'emoji',
      plainMail(
        'Content-Type: text/plain; charset=utf-8',
        Buffer.from('Hello 🙂👍🏽 zero\u200bwidth \u202bright\u202c\r\n'),
      ),
    ],
    [
      'inline encoding',
      'a text about uuencode',
      plainMail(
        'Content-Type: text/plain',
        'The file starts with\r\nbegin 644 name\r\nas you know, and then end.\r\n',
      ),
    ],
    [
      'inline encoding',
      'a public key in the text',
      plainMail(
        'Content-Type: text/plain',
        `-----BEGIN CERTIFICATE-----\r\n${Buffer.alloc(300, 0x30)
          .toString('base64')
          .replace(/(.{64})/g, '$1\r\n')}\r\n-----END CERTIFICATE-----\r\n`,
      ),
    ],
    [
      'HTML smuggling',
      'padding of a newsletter and soft hyphens',
      encoded(
        '8bit',
        `<p>${'&zwnj;&nbsp;&#847;&#8203; '.repeat(60)}</p><p>Donau&shy;dampf&shy;schiff&#173;fahrt</p><p title="a>b">${TEXT}</p>`,
        'text/html; charset=utf-8',
      ),
    ],
    [
      'HTML smuggling',
      'a script with templates and arrays',
      encoded(
        '8bit',
        `<script>var a = new Array(1, 2, 3, -4, 5 + 6, 7, 8, 9, 10, 011, 300, 70000, 12, 13);\nb.push(1);\nc[0] = 2;\nalert(\`\${'x'} \${a}\`)</script><div data-a="b" data-c="d">x</div>`,
        'text/html; charset=utf-8',
      ),
    ],
    [
      'scripts and links',
      'a batch file and a format',
      plainMail(
        'Content-Type: text/plain',
        `@echo off\r\nset path=%path%;C:\\bin\r\nset a=1\r\necho %a% %a%\r\n"{0} of {1}" -f 'one', 'two'\r\n`,
      ),
    ],
    ['HTML smuggling', 'picture in a data URI', encoded('8bit', page, 'text/html; charset=utf-8')],
    [
      'HTML smuggling',
      'newsletter with tracking links',
      encoded(
        '7bit',
        `<html><body>${`<a href="https://e.example/?q=${Buffer.alloc(60, 3).toString('base64url')}">x</a>`.repeat(60)}</body></html>`,
        'text/html',
      ),
    ],
    [
      'HTML smuggling',
      'saved page with scripts',
      mailWith(
        'a.html',
        Buffer.from(
          `<html><script>var a = "hello" + " there"; window.addEventListener("load", () => { console.log([1,2,3].join("")) })</script>${page}</html>`,
        ),
      ),
    ],
  ];
  return list.map(([row, name, message]) => ({ row, name, message }));
}

/** Every mark of every text format stands in it somewhere, by accident. */
function printableNoise(length: number): Buffer {
  return Buffer.from(new Seeded('noise').bytes(length).map((byte) => 33 + (byte % 90)));
}

function files(): Lookalike[] {
  const text = Buffer.from(TEXT.repeat(20));
  const source = { name: 'src/main.c', content: Buffer.from('int main(void) { return 0; }\n') };
  const zip = buildZip([
    { name: 'src/', content: Buffer.alloc(0), method: 0 },
    source,
    { name: 'a.txt', content: text },
  ]);
  const docx = buildZip([
    { name: '[Content_Types].xml', content: Buffer.from('<Types/>') },
    { name: 'word/document.xml', content: Buffer.from('<w:document><w:t>hello</w:t></w:document>') },
    { name: 'word/media/image1.png', content: PICTURE, method: 0 },
  ]);
  const jar = buildZip([
    { name: 'META-INF/MANIFEST.MF', content: Buffer.from('Manifest-Version: 1.0\r\n\r\n') },
  ]);
  const calendar =
    'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDESCRIPTION:we meet at the usual place and time as alwa\r\n ys\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';
  const list: readonly (readonly [string, string, Buffer])[] = [
    ['zip', 'folders and files', mailWith('a.zip', zip)],
    ['zip', 'empty archive', mailWith('a.zip', buildZip([]))],
    [
      'zip',
      'archive in an archive',
      mailWith('a.zip', buildZip([{ name: 'b.zip', content: zip, method: 0 }])),
    ],
    ['zip', 'comment', mailWith('a.zip', buildZip([source], { comment: 'made by a program' }))],
    ['zip', 'JAR', mailWith('a.jar', jar)],
    ['OOXML, Flat OPC, ActiveMime, OneNote', 'document', mailWith('a.docx', docx)],
    [
      'OLE2 and VBA',
      'old document',
      mailWith(
        'a.doc',
        buildOle([
          { name: 'WordDocument', bytes: Buffer.alloc(5000, 'w') },
          { name: '1Table', bytes: text },
        ]),
      ),
    ],
    [
      'RTF',
      'plain',
      mailWith(
        'a.rtf',
        Buffer.from(
          `{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\f0 Hello\\par {\\pict\\pngblip ${PICTURE.toString('hex')}}}`,
        ),
      ),
    ],
    [
      'PDF streams',
      'text only',
      mailWith(
        'a.pdf',
        Buffer.from(
          '%PDF-1.4\n1 0 obj << /Type /Catalog /Title (Minutes) >> endobj\n2 0 obj << /Length 12 >>\nstream\nBT (Hi) Tj ET\nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n',
        ),
      ),
    ],
    ['gzip', 'log file', mailWith('a.log.gz', gzipSync(text))],
    [
      'tar',
      'sources',
      mailWith(
        'a.tgz',
        gzipSync(Buffer.concat([tarEntry('a/', Buffer.alloc(0), '5'), tarEntry('a/b.txt', text), TAR_END])),
      ),
    ],
    ['cab, cpio, ar, deb, rpm, szdd, arj, lha', 'cabinet', mailWith('a.cab', cab(text))],
    [
      'polyglots',
      'picture with a comment',
      mailWith('a.png', Buffer.concat([PICTURE, Buffer.from('PK is a word, Rar! is not')])),
    ],
    ['iCalendar and vCard', 'invitation', plainMail('Content-Type: text/calendar; method=REQUEST', calendar)],
    ['HTML smuggling', '3 MB of printable noise', mailWith('a.bin', printableNoise(3_000_000))],
    ['HTML smuggling', '5 MB of printable noise', mailWith('a.bin', printableNoise(5_000_000))],
    ['padding', 'log of zeros', mailWith('a.bin', Buffer.alloc(3_000_000))],
    ['window', 'large picture', mailWith('a.png', Buffer.concat([PICTURE, Buffer.alloc(2_000_000, 0xa7)]))],
  ];
  return list.map(([row, name, message]) => ({ row, name, message }));
}

const UU = (bytes: Buffer): string =>
  [...Array(Math.ceil(bytes.length / 45)).keys()]
    .map((i) => uuencode(bytes.subarray(i * 45, i * 45 + 45)))
    .join('\n');

/** Archives that one reading opens whole and another tears apart; which does depends on their bytes, so there are several. */
function archivesInDoubt(): Lookalike[] {
  const text = 'Content-Type: text/plain; charset=us-ascii';
  const label = 'Content-Type: application/zip; name="a.zip"\r\nContent-Transfer-Encoding';
  return [...Array(12).keys()].flatMap((i) => {
    const content = Buffer.from(new Seeded(`archive ${i}`).hex(400));
    const zip = buildZip([{ name: 'a.txt', content }]);
    const quoted = [...zip].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join('');
    const lines = quoted.replace(/.{72}/g, '$&=\r\n');
    return [
      {
        row: 'inline encoding',
        name: `uuencoded archive ${i}`,
        message: plainMail(text, `begin 644 a.zip\n${UU(zip)}\n\`\nend\n`),
      },
      {
        row: 'transfer encoding field',
        name: `quoted archive ${i}`,
        message: plainMail(`${label}: quoted printable`, lines),
      },
      {
        row: 'inline encoding',
        name: `archive in parts of yEnc ${i}`,
        message: plainMail(text, Buffer.from(yencParts(zip, 90).join('\r\n'), 'latin1')),
      },
    ];
  });
}

/** What announcements of documents and of lists are like (RFC 2046 5.2.3). */
function references(): Lookalike[] {
  const document =
    'Content-Type: message/external-body; access-type="anon-ftp"; site="ftp.example.org"; directory="drafts"; name="draft-example-00.txt"\r\n\r\n' +
    'Content-Type: text/plain\r\nContent-ID: <1@example.org>\r\n\r\n';
  const server = document.replace(
    /access-type.*\r\n\r\n/,
    'access-type=URL; url="https://example.com"\r\n\r\n',
  );
  const whole = `From: a@example.org\r\nSubject: minutes\r\n\r\n${TEXT}`;
  return [
    {
      row: 'structure',
      name: 'announcement of a document',
      message: multi('boundary="b"', 'b', parts('b', LEAF, document)),
    },
    {
      row: 'structure',
      name: 'address of a site',
      message: multi('boundary="b"', 'b', parts('b', LEAF, server)),
    },
    {
      row: 'message/partial',
      name: 'the only part of one',
      message: plainMail('Content-Type: message/partial; id="x@example.org"; number=1; total=1', whole),
    },
  ];
}

/** Archives that hold nothing, in mails that quote others: which reading tears them depends on their letters. */
function foldersOnly(): Lookalike[] {
  return ['papers', 'folder', 'old', 'a', 'minutes'].flatMap((name) => {
    const content = Buffer.alloc(0);
    const zip = buildZip([
      { name: `${name}/`, content, method: 0 },
      { name: `${name}/b/`, content, method: 0 },
    ]);
    const mail = mailWith('a.zip', zip).toString('latin1').replace('octet-stream', 'zip');
    return [
      { row: 'zip', name: `folder ${name} only`, message: mailWith('a.zip', zip) },
      {
        row: 'zip',
        name: `folder ${name} only, in a mail that is quoted`,
        message: plainMail('Content-Type: text/plain', `You wrote:\r\n${mail.replaceAll(/^/gm, '> ')}`),
      },
    ];
  });
}

export function lookalikes(): Lookalike[] {
  return [
    ...headers(),
    ...structures(),
    ...bodies(),
    ...files(),
    ...archivesInDoubt(),
    ...references(),
    ...foldersOnly(),
    ...dailyLookalikes(),
  ];
}
