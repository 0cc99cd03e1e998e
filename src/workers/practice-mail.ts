import { randomBytes, randomInt } from 'node:crypto';
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

const WORDS = [
  ...'account after agenda answer before between budget calendar changes contract customer delivery'.split(
    ' ',
  ),
  ...'department document during engine evening figures garden holiday hundred invoice journey kitchen'.split(
    ' ',
  ),
  ...'letter market meeting minutes monday network number office order parcel people picture project'.split(
    ' ',
  ),
  ...'quarter question railway report request river school second service spring station summary table'.split(
    ' ',
  ),
  ...'thank train travel tuesday update village weather window winter yesterday (draft) 2026 17:30 50%'.split(
    ' ',
  ),
  ...'https://www.example.org/a?id=7&p=2 ann@example.org größer für café'.split(' '),
];

function prose(bytes: number): string {
  const lines: string[] = [];
  for (let length = 0; length < bytes;) {
    const words = Array.from({ length: randomInt(3, 13) }, () => WORDS[randomInt(WORDS.length)]);
    const line = `${words.join(' ')}.`;
    lines.push(line);
    length += line.length + 2;
  }
  return lines.join('\r\n');
}

function page(bytes: number): string {
  const rows = prose(bytes)
    .split('\r\n')
    .map(
      (line, row) =>
        `<tr class="r${row}"><td style="padding:0 4px"><a href="https://example.org/${row}">${line}</a></td></tr>`,
    );
  return `<!DOCTYPE html><html><head><style>td { color: #333 }</style></head><body><img src="cid:logo@example"><table>${rows.join('\r\n')}</table></body></html>`;
}

/** RFC 2045 6.7, with soft breaks in lines that are too long. */
function quoted(text: string): string {
  const escaped = Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[=\x80-\xFF]/gu, (sign) => `=${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return escaped.replaceAll(/(?:=[\dA-F]{2}|[^=\r\n]){24}(?=[^\r\n])/gu, '$&=\r\n');
}

function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString('base64').replaceAll(/.{76}/gu, '$&\r\n');
}

/** Header fields and body. */
type Entity = readonly [fields: string, body: string];

function textPart(type: string, text: string): Entity {
  return [
    `Content-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable`,
    quoted(text),
  ];
}

function file(type: string, name: string, content: string | Uint8Array): Entity {
  const fields = [
    `Content-Type: ${type}; name="${name}"`,
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
  ];
  return [fields.join('\r\n'), base64(content)];
}

function multipart(type: string, ...parts: readonly Entity[]): Entity {
  const boundary = `=_${randomBytes(10).toString('hex')}`;
  const bodies = parts.map(([fields, body]) => `--${boundary}\r\n${fields}\r\n\r\n${body}\r\n`);
  return [`Content-Type: multipart/${type}; boundary="${boundary}"`, `${bodies.join('')}--${boundary}--`];
}

function message([fields, body]: Entity): string {
  const header = [
    `Received: from mx.example.org (mx.example.org [192.0.2.7])\r\n\tby mail.example.net with ESMTPS id ${randomBytes(5).toString('hex')};\r\n\tFri, 2 Jan 2026 03:04:05 +0000`,
    `DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=k1;\r\n\tb=${randomBytes(64).toString('base64')}`,
    `From: =?utf-8?Q?J=C3=B6rg?= <sender@example.org>`,
    'To: "User, Example" <user@example.net>',
    `Subject: ${prose(20)}`,
    'Date: Fri, 2 Jan 2026 03:04:05 +0000',
    `Message-ID: <${randomBytes(8).toString('hex')}@example.org>`,
    'MIME-Version: 1.0',
  ];
  return `${header.join('\r\n')}\r\n${fields}\r\n\r\n${body}\r\n`;
}

/** One deflated member (APPNOTE.TXT 4.3). */
function member(name: string, content: Uint8Array, at: number): readonly [local: Buffer, central: Buffer] {
  const packed = deflateRawSync(content);
  const shared = Buffer.alloc(26);
  [20, 0, 8, 0, 0x5c22].forEach((value, index) => shared.writeUInt16LE(value, index * 2));
  shared.writeUInt32LE(crc32(content), 10);
  shared.writeUInt32LE(packed.length, 14);
  shared.writeUInt32LE(content.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const end = Buffer.alloc(14);
  end.writeUInt32LE(at, 10);
  return [
    Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), packed]),
    Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), shared, end, Buffer.from(name)]),
  ];
}

function zip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const [locals, centrals]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const [local, central] = member(name, Buffer.from(content), at);
    locals.push(local);
    centrals.push(central);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, directory, end]);
}

function picture(bytes: number): Buffer {
  return Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), randomBytes(bytes)]);
}

function pdfStream(number: number, filter: string, content: Buffer): Buffer {
  const head = `${number} 0 obj\n<< /Filter /${filter} /Length ${content.length} >>\nstream\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\nendstream\nendobj\n')]);
}

function pdf(bytes: number): Buffer {
  const lines = prose(bytes / 4)
    .replaceAll(/[()]/gu, '')
    .split('\r\n');
  const text = lines.map((line) => `(${line}) Tj T*`).join('\n');
  return Buffer.concat([
    Buffer.from('%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n'),
    pdfStream(4, 'FlateDecode', deflateSync(`BT /F1 12 Tf 72 720 Td ${text} ET`)),
    pdfStream(5, 'DCTDecode', randomBytes(bytes / 2)),
    Buffer.from('trailer\n<< /Root 1 0 R >>\n%%EOF\n'),
  ]);
}

function wordDocument(bytes: number): Buffer {
  const text = prose(bytes).replaceAll('&', '&amp;').replaceAll('\r\n', '</w:t></w:r></w:p><w:p><w:r><w:t>');
  return zip({
    '[Content_Types].xml': '<?xml version="1.0"?><Types/>',
    '_rels/.rels': '<?xml version="1.0"?><Relationships/>',
    'word/document.xml': `<?xml version="1.0"?><w:document><w:body><w:p><w:r><w:t>${text}</w:t></w:r></w:p></w:body></w:document>`,
    'word/media/image1.jpeg': picture(bytes / 2),
  });
}

const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const INVITATION =
  'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:7\r\nEND:VEVENT\r\nEND:VCALENDAR';

function entities(size: number): readonly Entity[] {
  const cover = textPart('plain', prose(600));
  const newsletter = multipart(
    'alternative',
    textPart('plain', prose(size / 3)),
    textPart('html', page(size / 3)),
  );
  const mixed = (attachment: Entity) => multipart('mixed', cover, attachment);
  const forwarded: Entity = ['Content-Type: message/rfc822', message(newsletter)];
  const signature = file('application/pkcs7-signature', 'smime.p7s', randomBytes(1_400));
  return [
    ['Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit', prose(size)],
    textPart('plain', prose(size)),
    newsletter,
    ['Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64', base64(prose(size))],
    multipart('related', textPart('html', page(size / 3)), file('image/jpeg', 'logo.jpg', picture(size / 2))),
    mixed(file('application/pdf', 'invoice.pdf', pdf(size))),
    mixed(file('application/zip', 'minutes.zip', zip({ 'a.txt': prose(size), 'b.jpg': picture(size / 3) }))),
    mixed(file(WORD, 'contract.docx', wordDocument(size))),
    mixed(file('text/plain', 'figures.log', prose(size))),
    mixed(['Content-Type: text/calendar; method=REQUEST', INVITATION]),
    mixed(forwarded),
    multipart('signed', newsletter, signature),
  ];
}

/** Bytes of content: mostly short, as mail is. */
const SIZES = [1_500, 8_000, 40_000];

/**
 * Harmless mail of the kinds that mailboxes are full of, for code that shall be compiled before real mail comes.
 * Different every time.
 */
export function practiceMail(): readonly Uint8Array[] {
  return SIZES.flatMap((size) => entities(size).map((entity) => Buffer.from(message(entity))));
}
