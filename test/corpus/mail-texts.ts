import { deflateSync } from 'node:zlib';
import type { Seeded } from './seeded.ts';
import { zip } from './zip-writer.ts';

const WORDS =
  `the quarter report shows that our delivery times improved while costs for storage stayed flat please find
  attached minutes of yesterday meeting and let me know until friday whether figures are right we agreed on a
  second round with the supplier next week could you book the small room thanks again for your help with this
  invoice number customer contract draft version signed scan photo travel plan budget review team lunch holiday
  calendar update server window maintenance ticket answer question link page list order payment address phone`
    .split(/\s+/)
    .filter((word) => word !== '');
const FOREIGN = [
  'Größe',
  'façade',
  'naïve',
  'señor',
  'übermorgen',
  'Zürich',
  'čeština',
  'żółty',
  '東京',
  '会議',
  'отчёт',
  '🙂',
  'ελληνικά',
];
/** Lines that have broken mail software before: dots, `From `, boundaries look-alikes, commands, blanks. */
const TRICKY = [
  '.',
  '..',
  '. leading dot',
  'From the beginning, this line looks like an mbox separator',
  '-- ',
  '--not-a-boundary',
  '=3D is not encoded here',
  'A1 OK FETCH completed {5}',
  '* 1 FETCH (BODY[] {10}',
  '+OK maildrop',
  '-ERR not really',
  ')',
  '> quoted reply',
  '\tindented',
];

export function sentence(random: Seeded, foreign = false): string {
  const length = random.between(4, 14);
  const words = Array.from({ length }, () =>
    foreign && random.between(0, 4) === 0 ? random.pick(FOREIGN) : random.pick(WORDS),
  );
  return `${words.join(' ')}.`;
}

/** Text of at least `size` bytes with CRLF line ends, lines of ordinary length, tricky ones among them. */
export function proseOf(random: Seeded, size: number, foreign = false): string {
  const lines: string[] = [];
  let length = 0;
  while (length < size) {
    const line = random.between(0, 9) === 0 ? random.pick(TRICKY) : sentence(random, foreign);
    lines.push(line);
    length += Buffer.byteLength(line) + 2;
  }
  return `${lines.join('\r\n')}\r\n`;
}

export function html(random: Seeded, size: number, image = ''): string {
  const body = proseOf(random, size)
    .split('\r\n')
    .map((line) => `<p style="margin:0">${line.replaceAll('<', '&lt;')}</p>`)
    .join('\r\n');
  const picture = image === '' ? '' : `<img src="cid:${image}" alt="logo">\r\n`;
  return `<!DOCTYPE html>\r\n<html><head><meta charset="utf-8"><title>Mail</title></head>\r\n<body>\r\n${picture}${body}\r\n</body></html>\r\n`;
}

function pdfStream(number: number, dictionary: string, content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${number} 0 obj\n<< ${dictionary} /Length ${content.length} >>\nstream\n`),
    content,
    Buffer.from('\nendstream\nendobj\n'),
  ]);
}

/** A PDF in outline: objects, a deflated text stream, and a random stream as scans and photos have them. */
export function pdf(random: Seeded, size: number): Buffer {
  const text = deflateSync(Buffer.from(`BT /F1 12 Tf 72 720 Td (${sentence(random)}) Tj ET`));
  const picture = random.bytes(Math.max(64, size - 600));
  return Buffer.concat([
    Buffer.from(
      '%PDF-1.4\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n',
      'latin1',
    ),
    Buffer.from('2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n'),
    Buffer.from('3 0 obj\n<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>\nendobj\n'),
    pdfStream(4, '/Filter /FlateDecode', text),
    pdfStream(5, '/Type /XObject /Subtype /Image /Filter /DCTDecode', picture),
    Buffer.from('trailer\n<< /Size 6 /Root 1 0 R >>\n%%EOF\n'),
  ]);
}

export function png(random: Seeded, size: number): Buffer {
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, random.bytes(Math.max(16, size - 8))]);
}

export function jpeg(random: Seeded, size: number): Buffer {
  const head = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  return Buffer.concat([head, random.bytes(Math.max(16, size - 22)), Buffer.from('ffd9', 'hex')]);
}

/** Half text, half incompressible, as folders of documents are. */
export function archive(random: Seeded, size: number): Buffer {
  return zip([
    { name: 'read me.txt', content: Buffer.from(proseOf(random, Math.min(size / 4, 200_000), true)) },
    { name: 'photos/scan.jpg', content: jpeg(random, size) },
  ]);
}

function xml(content: string): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${content}\n`);
}

export function docx(random: Seeded, size: number): Buffer {
  const paragraphs = proseOf(random, Math.min(size, 100_000) / 3, true)
    .split('\r\n')
    .map((line) => `<w:p><w:r><w:t>${line.replaceAll('&', '').replaceAll('<', '')}</w:t></w:r></w:p>`);
  return zip([
    {
      name: '[Content_Types].xml',
      content: xml('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
    },
    { name: '_rels/.rels', content: xml('<Relationships/>') },
    {
      name: 'word/document.xml',
      content: xml(`<w:document><w:body>${paragraphs.join('')}</w:body></w:document>`),
    },
    { name: 'word/media/image1.jpeg', content: jpeg(random, Math.max(100, size * 0.9)) },
  ]);
}
