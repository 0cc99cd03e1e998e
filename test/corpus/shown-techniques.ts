/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Texts that programs show and keep otherwise than as the bytes of their letters. */
import { deflateSync, gzipSync } from 'node:zlib';
import { buildOle } from '../../src/scan/unpack/ole-for-test.ts';
import { sealSevenZip } from '../../src/scan/unpack/seven-zip-for-test.ts';
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { fixture } from './archive-techniques.ts';
import { le } from './container-bytes.ts';
import { scattered } from './carried-techniques.ts';
import { uuencode } from './mime-evasions.ts';
import { payload, plainMail, Row, type Technique, type Word } from './technique.ts';

/** How a font numbers its letters: bytes of a number, and how its map is written. */
interface Numbering {
  readonly width: number;
  readonly map: 'characters' | 'ranges' | 'list';
}

function hex(value: number, bytes: number): string {
  return `<${value.toString(16).padStart(bytes * 2, '0')}>`;
}

/** Letters by their numbers, those of a subset of a font: in the order in which they are met, from one on. */
function mapOf(letters: readonly string[], { width, map }: Numbering): string {
  const space = `1 begincodespacerange ${hex(0, width)} ${hex(256 ** width - 1, width)} endcodespacerange`;
  const codes = letters.map((letter, at) => ({
    code: hex(at + 1, width),
    letter: hex(letter.charCodeAt(0), 2),
  }));
  const rows = {
    characters: `${codes.length} beginbfchar\n${codes.map(({ code, letter }) => `${code} ${letter}`).join('\n')}\nendbfchar`,
    ranges: `${codes.length} beginbfrange\n${codes.map(({ code, letter }) => `${code}${code}${letter}`).join('\n')}\nendbfrange`,
    list: `1 beginbfrange\n${hex(1, width)} ${hex(letters.length, width)} [${codes.map(({ letter }) => letter).join(' ')}]\nendbfrange`,
  };
  return `begincmap\n${space}\n${rows[map]}\nendcmap`;
}

function streamObject(number: number, text: string): Buffer {
  const data = deflateSync(Buffer.from(text));
  return Buffer.concat([
    Buffer.from(`${number} 0 obj << /Filter /FlateDecode /Length ${data.length} >>\nstream\n`),
    data,
    Buffer.from('\nendstream\nendobj\n'),
  ]);
}

/** A page whose strings are numbers of letters. */
function numberedPdf(word: Word, numbering: Numbering): Buffer {
  const letters = [...new Set(word)];
  const shown = Array.from(word, (letter) => hex(letters.indexOf(letter) + 1, numbering.width)).join(' 3 ');
  return Buffer.concat([
    Buffer.from('%PDF-1.6\n1 0 obj << /Type /Page /Contents 2 0 R /Resources << /Font 3 0 R >> >> endobj\n'),
    Buffer.from(
      '3 0 obj << /F1 4 0 R >> endobj\n4 0 obj << /Type /Font /Subtype /Type0 /ToUnicode 5 0 R >> endobj\n',
    ),
    streamObject(2, `BT 56 700 Td /F1 10 Tf [${shown}] TJ ET`),
    streamObject(5, mapOf(letters, numbering)),
  ]);
}

const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

function glyphName(letter: string): string {
  if (letter === '-') return 'hyphen';
  return DIGITS[letter === '' ? Number.NaN : Number(letter)] ?? letter;
}

/** A page whose strings are letters that the font shows as others. */
function renamedPdf(word: Word, isInline: boolean): Buffer {
  const letters = [...new Set(word)];
  const codes = Array.from(word, (letter) => String.fromCharCode(0x61 + letters.indexOf(letter))).join('');
  const names = letters.map((letter) => `/${glyphName(letter)}`).join(' ');
  const encoding = `<< /Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [97 ${names}] >>`;
  const fontObject = `<< /Type /Font /Subtype /Type1 /Encoding ${isInline ? encoding : '5 0 R'} >>`;
  return Buffer.concat([
    Buffer.from('%PDF-1.6\n6 0 obj << /Type /Catalog /Pages 7 0 R >> endobj\n'),
    Buffer.from(
      '7 0 obj << /Type /Pages /Kids [1 0 R] /Count 1 >> endobj\n1 0 obj << /Type /Page /Parent 7 0 R ',
    ),
    Buffer.from('/MediaBox [0 0 612 792] /Contents 2 0 R /Resources << /Font 3 0 R >> >> endobj\n'),
    Buffer.from(`3 0 obj << /F1 4 0 R >> endobj\n4 0 obj ${fontObject} endobj\n5 0 obj ${encoding} endobj\n`),
    streamObject(2, `BT 56 700 Td /F1 10 Tf (${codes}) Tj ET`),
    Buffer.from('trailer << /Root 6 0 R >>\n'),
  ]);
}

function shownByFonts(): Technique[] {
  const row = new Row('documents', 'PDF streams', 'PDF viewers, which repair broken files');
  for (const width of [1, 2]) {
    for (const map of ['characters', 'ranges', 'list'] as const) {
      row.attached(`letters of ${width} bytes by the ${map} of a font`, 'a.pdf', (word) =>
        numberedPdf(word, { width, map }),
      );
    }
  }
  row.attached('letters by the names of glyphs in a font', 'a.pdf', (word) => renamedPdf(word, true));
  row.attached('letters by the names of glyphs in an encoding', 'a.pdf', (word) => renamedPdf(word, false));
  return row.attached('each letter placed by itself', 'a.pdf', (word) =>
    Buffer.concat([
      Buffer.from('%PDF-1.6\n'),
      streamObject(
        2,
        Array.from(word, (letter, at) => `BT 1 0 0 1 ${at * 7} 700 Tm (${letter}) Tj ET`).join('\n'),
      ),
    ]),
  ).cases;
}

function wideDocuments(): Technique[] {
  const row = new Row('documents', 'OLE2 and VBA', 'Word, Excel, PowerPoint');
  const stream = (word: Word): Buffer =>
    Buffer.concat([
      Buffer.alloc(3000),
      Buffer.from(`Dear all\r${word}\rBye\r`, 'utf16le'),
      Buffer.alloc(3000),
    ]);
  return row.attached('text of a document, two bytes a letter', 'a.doc', (word) =>
    buildOle([{ name: 'WordDocument', bytes: stream(word) }]),
  ).cases;
}

function quotedFiles(): Technique[] {
  const row = new Row('MIME', 'inline encoding', 'whoever saves the text and takes the marks away');
  const lines = (word: Word): string[] => {
    const file = payload(word, 8);
    const data = Array.from({ length: Math.ceil(file.length / 45) }, (_, at) =>
      uuencode(file.subarray(at * 45, at * 45 + 45)),
    );
    return ['begin 644 a.txt', ...data, '`', 'end'];
  };
  for (const mark of ['> ', '>', '>> ', '| ', '    ', 'AB> ']) {
    row.whole(`uuencoded behind ${JSON.stringify(mark)}`, (word) =>
      plainMail(
        'Content-Type: text/plain',
        `You wrote:\r\n${lines(word)
          .map((line) => mark + line)
          .join('\r\n')}\r\n`,
      ),
    );
  }
  return row.cases;
}

function script(row: Row, name: string, text: (codes: Buffer) => string): void {
  row.attached(name, 'a.js', (word) =>
    Buffer.from(text(Buffer.concat([payload(word, 6), Buffer.alloc(8, 0x20)]))),
  );
}

function numbers(codes: Buffer, width: 2 | 4, isBig: boolean): number[] {
  return Array.from({ length: Math.floor(codes.length / width) }, (_, at) =>
    isBig ? codes.readUIntBE(at * width, width) : codes.readUIntLE(at * width, width),
  );
}

function listedNumbers(): Technique[] {
  const row = new Row(
    'documents',
    'texts computed by characters',
    'Windows Script Host, PowerShell, cmd, browsers',
  );
  const list = (codes: Buffer, change: (code: number) => number): string =>
    Array.from(codes, change).join(',');
  script(
    row,
    'numbers less 1000',
    (codes) => `a=[${list(codes, (code) => code + 1000)}];for(i in a)s+=String.fromCharCode(a[i]-1000)`,
  );
  script(
    row,
    'numbers less one',
    (codes) => `a=[${list(codes, (code) => code + 1)}];for(i in a)s+=String.fromCharCode(a[i]-1)`,
  );
  script(
    row,
    'a third of numbers',
    (codes) => `a=[${list(codes, (code) => code * 3)}];for(i in a)s+=String.fromCharCode(a[i]/3)`,
  );
  script(
    row,
    'what numbers lack of 300',
    (codes) => `a=[${list(codes, (code) => 300 - code)}];for(i in a)s+=String.fromCharCode(300-a[i])`,
  );
  script(
    row,
    'signed bytes in braces',
    (codes) => `new byte[]{${Array.from(new Int8Array(gzipSync(codes))).join(',')}}`,
  );
  script(row, 'steps from one number to the next', (codes) => {
    const steps = Array.from(codes, (code, at) => code - (codes[at - 1] ?? 0));
    return `p=0;[${steps.join(',')}].map(d=>String.fromCharCode(p+=d))`;
  });
  script(row, 'numbers of two bytes', (codes) => `a=[${numbers(codes, 2, false).join(',')}]`);
  script(
    row,
    'numbers of two bytes, the highest first',
    (codes) => `a=[${numbers(codes, 2, true).join(',')}]`,
  );
  script(
    row,
    'numbers of four bytes, the highest first',
    (codes) => `a=[${numbers(codes, 4, true).join(', ')}]`,
  );
  script(
    row,
    'numbers of eight bytes',
    (codes) =>
      `a=new BigUint64Array([${Array.from({ length: codes.length >> 3 }, (_, at) => `${codes.readBigUInt64LE(at * 8)}n`).join(',')}])`,
  );
  return row.cases;
}

/** The places of the letters of a word in an array that a script turns so often before it looks there. */
function fetched(word: Word, turns: number, spell: (text: string) => string): string {
  const texts = ['log', 'push', ...(word.match(/.{1,3}/g) ?? []), 'call'];
  const turned = [...texts.slice(-turns), ...texts.slice(0, -turns)];
  const calls = (word.match(/.{1,3}/g) ?? []).map((_, at) => `_0x4b('0x${(at + 2).toString(16)}')`);
  return (
    `var _0x1a=[${turned.map((text) => `'${spell(text)}'`).join(',')}];(function(a,b){while(--b){a.push(a.shift())}}(_0x1a,${turns + 1}));` +
    `var _0x4b=function(n){return _0x1a[n-0]};console[_0x4b('0x0')](${calls.join('+')});`
  );
}

function otherCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
}

function fetchedTexts(): Technique[] {
  const row = new Row('documents', 'texts fetched by number', 'Windows Script Host, browsers');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return row
    .attached('from an array that is turned', 'a.js', (word) => Buffer.from(fetched(word, 3, (text) => text)))
    .attached('from an array in base64', 'a.js', (word) => Buffer.from(fetched(word, 2, base64)))
    .attached('from an array in base64 of the other case', 'a.js', (word) =>
      Buffer.from(fetched(word, 2, (text) => otherCase(base64(text)))),
    ).cases;
}

function farValues(): Technique[] {
  const row = new Row(
    'archives',
    'compressed values',
    'the program that keeps its data so; a few lines of a script',
  );
  return row
    .attached('behind a header of a program', 'a.bin', (word) =>
      Buffer.concat([Buffer.from('HDR1'), Buffer.alloc(300, 7), deflateSync(payload(word))]),
    )
    .attached('in a pack of git', 'a.bundle', (word) => {
      const object = Buffer.concat([Buffer.from([0xb0, 0x08]), deflateSync(payload(word))]);
      const lead = Buffer.concat([Buffer.from([0xb0, 0x32]), deflateSync(scattered(9000))]);
      return Buffer.concat([
        Buffer.from('# v2 git bundle\n\nPACK'),
        le(0x0200_0000, 4),
        le(0x0200_0000, 4),
        lead,
        object,
      ]);
    }).cases;
}

function recordsInText(): Technique[] {
  const row = new Row('documents', 'records of hex digits', 'objcopy, srec_cat, programmers of chips');
  const record = (address: number, data: Buffer): string => {
    const bytes = Buffer.concat([Buffer.from([data.length + 3, address >> 8, address & 255]), data]);
    const sum = ~bytes.reduce((all, byte) => all + byte, 0) & 255;
    return `S1${bytes.toString('hex')}${sum.toString(16).padStart(2, '0')}`.toUpperCase();
  };
  return row.attached('S-records behind words, without an end', 'a.txt', (word) => {
    const file = payload(word, 3);
    const data = Array.from({ length: Math.ceil(file.length / 16) }, (_, at) =>
      record(at * 16, file.subarray(at * 16, at * 16 + 16)),
    );
    return Buffer.from(`Firmware\n\n${data.join('\n')}\n`);
  }).cases;
}

function shortCommands(): Technique[] {
  const row = new Row('documents', 'scripts and links', 'Windows Script Host, PowerShell, Explorer');
  const code = (word: Word): string => Buffer.from(word, 'utf16le').toString('base64');
  return row.attached('a short command in base64', 'a.cmd', (word) =>
    Buffer.from(`powershell -nop -enc ${code(word)}\r\n`),
  ).cases;
}

function lockedBesideNotes(): Technique[] {
  const row = new Row(
    'archives',
    'encrypted, password in the mail',
    'the reader, who types what the mail says',
  );
  return row.attached('in a note beside it', 'a.zip', (word) =>
    buildZip([
      { name: 'a.7z', content: sealSevenZip(fixture('7z-lzma2.7z')(word), { password: 'Quartz-71' }) },
      { name: 'readme.txt', content: Buffer.from('Password: Quartz-71\r\n') },
    ]),
  ).cases;
}

function streamedDisks(): Technique[] {
  const row = new Row('archives', 'disk images', 'Windows and macOS mount them; 7-Zip');
  return row.attached('VMDK of compressed grains', 'a.vmdk', (word) => {
    const header = Buffer.alloc(1024);
    header.write('KDMV');
    header.writeUInt32LE(0x3_0001, 8);
    header.writeBigUInt64LE(128n, 12);
    header.writeBigUInt64LE(128n, 20);
    const packed = deflateSync(Buffer.concat([Buffer.alloc(5000, 0xf6), payload(word)]));
    const head = Buffer.concat([Buffer.alloc(8), le(packed.length, 4)]);
    return Buffer.concat([header, Buffer.alloc(4096), head, packed, Buffer.alloc(1024)]);
  }).cases;
}

export function shownTechniques(): Technique[] {
  return [
    ...shownByFonts(),
    ...wideDocuments(),
    ...quotedFiles(),
    ...listedNumbers(),
    ...fetchedTexts(),
    ...farValues(),
    ...recordsInText(),
    ...lockedBesideNotes(),
    ...streamedDisks(),
    ...shortCommands(),
  ];
}
