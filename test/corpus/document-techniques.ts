/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Section 4 of the evasion notes: documents, pages and scripts. */
import { deflateRawSync, deflateSync } from 'node:zlib';
import { buildOle, compressVba, packageObject } from '../../src/scan/unpack/ole-for-test.ts';
import { ascii85, lzw, pdf, runLength } from '../../src/scan/unpack/pdf-for-test.ts';
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { fixture } from './archive-techniques.ts';
import { le } from './container-bytes.ts';
import { CALM, payload, plainMail, Row, type Technique, type Word } from './technique.ts';

type Build = (word: Word) => Buffer;

/** A form whose XML is cut inside the word, the second half first. */
function pdfForm(entry: string, word: Word): Buffer {
  const xml = Buffer.from(`<xdp:xdp><script>${payload(word, 3).toString()}</script></xdp:xdp>`);
  const cut = xml.indexOf(word) + 6;
  const stream = (number: number, data: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from(`${number} 0 obj << /Filter /FlateDecode /Length ${data.length} >>\nstream\n`),
      data,
      Buffer.from('\nendstream\nendobj\n'),
    ]);
  return Buffer.concat([
    Buffer.from(`%PDF-1.7\n1 0 obj << /Type /Catalog /AcroForm << ${entry} >> >> endobj\n`),
    stream(3, deflateSync(xml.subarray(cut))),
    stream(2, deflateSync(xml.subarray(0, cut))),
  ]);
}

/** An object stream that holds one object. */
function objectStream(number: number, object: string): Buffer {
  const head = `${number} 0 `;
  const data = deflateSync(Buffer.from(head + object));
  const dictionary = `/Type /ObjStm /N 1 /First ${head.length} /Filter /FlateDecode /Length ${data.length}`;
  return Buffer.concat([
    Buffer.from(`20 0 obj << ${dictionary} >>\nstream\n`),
    data,
    Buffer.from('\nendstream\nendobj\n'),
  ]);
}

/** Ways to write the filters of a stream that readers understand, or to hide them from a search for words. */
const PDF_DICTIONARIES: Readonly<Record<string, string>> = {
  'blanks in the list of filters': `/Filter [${' '.repeat(600)}/ASCII85Decode /FlateDecode]`,
  'blanks before the list of filters': `/Filter${' '.repeat(70)}[/ASCII85Decode /FlateDecode]`,
  'comment before the list of filters': '/Filter %x\n[/ASCII85Decode /FlateDecode]',
  'comment in the list of filters': '/Filter [%]\n/ASCII85Decode /FlateDecode]',
  'comment that opens an object': '/Filter [/ASCII85Decode /FlateDecode] %\n%2 0 obj <<\n',
  'long string behind the filters': `/Filter [/ASCII85Decode /FlateDecode] /X (${'x'.repeat(9000)})`,
  'another filter first': '/F /DCTDecode /Filter [/ASCII85Decode /FlateDecode]',
  'filter in a string': '/T (/Filter /None) /Filter [/ASCII85Decode /FlateDecode]',
  'object in a string': '/Filter [/ASCII85Decode /FlateDecode] /T (a obj b)',
  'numbered objects in a string': `/Filter [/ASCII85Decode /FlateDecode] /T (${'2 0 obj << '.repeat(20)})`,
  'no filter at all': '/T (x)',
};

function hiddenFilters(row: Row): Row {
  for (const [name, dictionary] of Object.entries(PDF_DICTIONARIES)) {
    row.attached(name, 'a.pdf', (word) => pdf(dictionary, ascii85(deflateSync(payload(word)))));
    // Run lengths do not show by themselves: the dictionary has to be understood.
    const runs = dictionary.replace('/FlateDecode', '/RunLengthDecode');
    if (runs !== dictionary) {
      row.attached(`${name}, run lengths`, 'a.pdf', (word) =>
        pdf(runs, ascii85(runLength(payload(word), 5))),
      );
    }
  }
  return row;
}

/** LZW of single letters whose codes grow when the table is full, and not one code before that. */
function lateLzw(bytes: Buffer): Buffer {
  const codes = Array.from(bytes, (byte, index) =>
    byte.toString(2).padStart(Math.floor(Math.log2(258 + Math.max(0, index - 1))) + 1, '0'),
  );
  const bits = `100000000${codes.join('')}`;
  return Buffer.from((bits.match(/.{1,8}/g) ?? []).map((octet) => Number.parseInt(octet.padEnd(8, '0'), 2)));
}

function pdfs(): Technique[] {
  const row = new Row('documents', 'PDF streams', 'PDF viewers, which repair broken files');
  const packed: Build = (word) => deflateSync(payload(word));
  const flate = '/Filter /FlateDecode';
  return hiddenFilters(row)
    .attached('Flate', 'a.pdf', (word) => pdf(flate, packed(word)))
    .attached('escaped name', 'a.pdf', (word) => pdf('/Filter /Fl#61te#44ecode', packed(word)))
    .attached('Flate in Flate', 'a.pdf', (word) =>
      pdf('/Filter [/FlateDecode /FlateDecode]', deflateSync(packed(word))),
    )
    .attached('ASCII85 over Flate', 'a.pdf', (word) =>
      pdf('/Filter [/ASCII85Decode /FlateDecode]', ascii85(packed(word))),
    )
    .attached('hex over Flate', 'a.pdf', (word) =>
      pdf('/Filter[/AHx/Fl]', Buffer.from(`${packed(word).toString('hex')}>`)),
    )
    .attached('run lengths', 'a.pdf', (word) => pdf('/Filter /RunLengthDecode', runLength(payload(word), 5)))
    .attached('LZW', 'a.pdf', (word) => pdf('/Filter /LZWDecode', lzw(payload(word))))
    .attached('LZW that grows late', 'a.pdf', (word) =>
      pdf(
        '/Filter /LZWDecode /DecodeParms << /EarlyChange 0 >>',
        lateLzw(Buffer.concat([payload(CALM, 20), payload(word)])),
      ),
    )
    .attached('wrong length', 'a.pdf', (word) => pdf(flate, packed(word), 3))
    .attached('no end of the stream', 'a.pdf', (word) => pdf(flate, packed(word)).subarray(0, -18), {
      isDamaged: true,
    })
    .attached('embedded file', 'a.pdf', (word) =>
      pdf(`/Type /EmbeddedFile ${flate}`, deflateSync(buildZip([{ name: 'a', content: payload(word) }]))),
    )
    .attached('script in hex', 'a.pdf', (word) =>
      Buffer.from(
        `%PDF-1.4\n1 0 obj << /S /JavaScript /J#53 <${Buffer.from(word).toString('hex')}> >> endobj`,
      ),
    )
    .attached('escapes in a string', 'a.pdf', (word) =>
      Buffer.from(`%PDF-1.4\n1 0 obj << /S /JavaScript /JS (${word.replace('-', '\\055')}) >> endobj`),
    )
    .attached('escapes in a link', 'a.pdf', (word) =>
      Buffer.from(
        `%PDF-1.4\n1 0 obj << /S /URI /URI (http://x.example/${word.replace('-', '\\055')}) >> endobj`,
      ),
    )
    .attached('escapes in a file to start', 'a.pdf', (word) =>
      Buffer.from(`%PDF-1.4\n1 0 obj << /S /Launch /F (a\\\n${word.replace('-', '\\055')}) >> endobj`),
    )
    .attached('escapes in an object stream', 'a.pdf', (word) =>
      pdf(
        `/Type /ObjStm ${flate}`,
        deflateSync(Buffer.from(`1 0 << /S /URI /URI (http://x.example/${word.replace('-', '\\055')}) >>`)),
      ),
    )
    .attached('link in hex', 'a.pdf', (word) =>
      Buffer.from(`%PDF-1.4\n1 0 obj << /S /URI /URI <${Buffer.from(word).toString('hex')}> >> endobj`),
    )
    .attached('form in two streams', 'a.pdf', (word) => pdfForm('/XFA [(a) 2 0 R (b]) 3 0 R]', word))
    .attached('form in two streams, the name in hex', 'a.pdf', (word) =>
      pdfForm('/X#46A[<61> 2 0 R %]\n <62> 3 0 R]', word),
    )
    .attached('form in two streams, listed elsewhere', 'a.pdf', (word) =>
      pdfForm('/XFA 9 0 R >> endobj 9 0 obj [(a) 2 0 R (b) 3 0 R] endobj 10 0 obj <<', word),
    )
    .attached('form in two streams, listed in an object stream', 'a.pdf', (word) =>
      Buffer.concat([pdfForm('/XFA 9 0 R', word), objectStream(9, '[(a) 2 0 R (b) 3 0 R]')]),
    )
    .attached('filter in an object stream', 'a.pdf', (word) =>
      Buffer.concat([pdf('/Filter 9 0 R', runLength(payload(word), 5)), objectStream(9, '/RunLengthDecode')]),
    )
    .attached('data behind the keyword', 'a.pdf', (word) =>
      Buffer.from(pdf(flate, packed(word)).toString('latin1').replace('>>\nstream\n', '>>stream '), 'latin1'),
    )
    .attached('unknown filter first', 'a.pdf', (word) =>
      pdf('/Filter [/Other /RunLengthDecode]', runLength(payload(word), 5)),
    )
    .attached('object streams', 'a.pdf', fixture('object-streams.pdf'), { confirmedBy: ['qpdf'] })
    .attached('RC4, empty password', 'a.pdf', fixture('empty-password-rc4.pdf'), { confirmedBy: ['qpdf'] })
    .attached('AES, empty password', 'a.pdf', fixture('empty-password-aes.pdf'), { confirmedBy: ['qpdf'] })
    .attached('header behind junk', 'a.pdf', (word) =>
      Buffer.concat([Buffer.alloc(900, 'j'), pdf(flate, packed(word))]),
    ).cases;
}

/** OLE 1 framing of an embedded object, as RTF holds it. */
function ole1(native: Buffer, name = 'Package'): string {
  const label = Buffer.from(`${name}\0`);
  const head = [le(0x501, 4), le(2, 4), le(label.length, 4), label, le(0, 4), le(0, 4), le(native.length, 4)];
  return Buffer.concat([...head, native]).toString('hex');
}

function rtfs(): Technique[] {
  const row = new Row('documents', 'RTF', 'Word');
  const hex = (word: Word): string => ole1(packageObject('a.exe', payload(word, 4)));
  const text =
    (build: (hex: string) => string): Build =>
    (word) =>
      Buffer.from(build(hex(word)));
  const compound: Build = (word) => {
    const native = packageObject('a.exe', payload(word));
    const ole = buildOle([
      { name: '\u0001Ole10Native', bytes: Buffer.concat([le(native.length, 4), native]) },
    ]);
    return Buffer.from(`{\\rtf1{\\*\\objdata ${ole1(ole, 'Word.Document.8')}}}`);
  };
  const binary: Build = (word) => {
    const raw = deflateSync(payload(word));
    return Buffer.concat([Buffer.from(`{\\rtf1{\\*\\objdata\\bin${raw.length} `), raw, Buffer.from('}}')]);
  };
  return row
    .attached(
      'object',
      'a.rtf',
      text((run) => `{\\rtf1{\\object\\objemb{\\*\\objdata ${run}}}}`),
    )
    .attached(
      'as .doc',
      'a.doc',
      text((run) => `{\\rtf1{\\object\\objemb{\\*\\objdata ${run}}}}`),
    )
    .attached(
      'digits in lines',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata\r\n${run.replace(/(.{60})/g, '$1\r\n')}}}`),
    )
    .attached(
      'blanks between digits',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run.replace(/(.)/g, '$1 \t')}}}`),
    )
    .attached(
      'junk groups',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run.replace(/(.{40})/g, '$1{\\*\\junk aa}')}}}`),
    )
    .attached(
      'control words between',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run.replace(/(.{41})/g, '$1\\par ')}}}`),
    )
    .attached(
      'some bytes as characters',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run.replace(/(..)(.{12})/g, "\\'$1$2")}}}`),
    )
    .attached(
      'all bytes as characters, control words between',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run.replace(/(..)(..)/g, "\\'$1\\b0 \\'$2")}}}`),
    )
    .attached(
      'characters that count for nothing',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run.replace(/(.{41})/g, "$1\\'4d")}}}`),
    )
    .attached(
      'short start mark',
      'a.rtf',
      text((run) => `{\\rt0{\\*\\objdata ${run}}}`),
    )
    .attached(
      'no closing brace',
      'a.rtf',
      text((run) => `{\\rtf1{\\*\\objdata ${run}`),
    )
    .attached('bin', 'a.rtf', binary)
    .attached('compound file inside', 'a.rtf', compound).cases;
}

function ole2s(): Technique[] {
  const row = new Row('documents', 'OLE2 and VBA', 'Word, Excel, PowerPoint');
  const source = (word: Word): Buffer =>
    Buffer.from(`Attribute VB_Name = "Module1"\r\nSub Report()\r\n' ${word} CaSe\r\nEnd Sub\r\n`);
  const module: Build = (word) => Buffer.concat([Buffer.alloc(300, 0xee), compressVba(source(word))]);
  const native: Build = (word) => {
    const packed = packageObject('a.bin', deflateSync(payload(word)));
    return buildOle([{ name: '\u0001Ole10Native', bytes: Buffer.concat([le(packed.length, 4), packed]) }]);
  };
  const slides: Build = (word) => {
    const inner = native(word);
    const packed = deflateSync(inner);
    const head = [Buffer.from([0x10, 0, 0x11, 0x10]), le(packed.length + 4, 4), le(inner.length, 4)];
    return buildOle([{ name: 'PowerPoint Document', bytes: Buffer.concat([...head, packed]) }]);
  };
  const split: Build = (word) =>
    buildOle([
      { name: 'first', bytes: Buffer.alloc(700, 1) },
      {
        name: 'Contents',
        bytes: Buffer.concat([Buffer.alloc(4090, 'x'), payload(word), Buffer.alloc(3000, 'y')]),
      },
    ]);
  return row
    .attached('macro source', 'a.doc', (word) => buildOle([{ name: 'Module1', bytes: module(word) }]))
    .attached('macro in OOXML', 'a.docm', (word) => {
      const project = buildOle([{ name: 'Module1', bytes: module(word) }]);
      return buildZip([{ name: 'word/vbaProject.bin', content: project }]);
    })
    .attached('packaged object', 'a.doc', native)
    .attached('object of a presentation', 'a.ppt', slides)
    .attached('Hangul document', 'a.hwp', (word) =>
      buildOle([
        { name: 'FileHeader', bytes: Buffer.from('HWP Document File'.padEnd(256, '\0')) },
        { name: 'BIN0001.OLE', bytes: deflateRawSync(payload(word)) },
      ]),
    )
    .attached('across sectors', 'a.xls', split)
    .attached('behind junk', 'a.bin', (word) => Buffer.concat([Buffer.alloc(512, 3), native(word)])).cases;
}

function office(): Technique[] {
  const row = new Row('documents', 'OOXML, Flat OPC, ActiveMime, OneNote', 'Office, LibreOffice');
  const embedded: Build = (word) => {
    const packed = packageObject('a.exe', payload(word));
    const ole = buildOle([
      { name: '\u0001Ole10Native', bytes: Buffer.concat([le(packed.length, 4), packed]) },
    ]);
    return buildZip([
      { name: '[Content_Types].xml', content: Buffer.from('<Types/>') },
      { name: 'word/embeddings/oleObject1.bin', content: ole },
    ]);
  };
  const lines = (word: Word): string =>
    payload(word, 4)
      .toString('base64')
      .replace(/(.{20})/g, '$1\r\n');
  const word2003: Build = (word) =>
    Buffer.from(
      `<?xml version="1.0"?><w:wordDocument><w:binData w:name="x">\r\n${lines(word)}</w:binData></w:wordDocument>`,
    );
  const flat: Build = (word) =>
    Buffer.from(
      `<?xml version="1.0"?><pkg:package><pkg:part pkg:name="/a.bin"><pkg:binaryData>${lines(word)}</pkg:binaryData></pkg:part></pkg:package>`,
    );
  const active: Build = (word) =>
    Buffer.concat([
      Buffer.from('ActiveMime'),
      Buffer.alloc(40),
      deflateSync(buildOle([{ name: 'x', bytes: payload(word) }])),
    ]);
  const mark = Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex');
  const note: Build = (word) => {
    const file = deflateSync(payload(word));
    return Buffer.concat([
      Buffer.alloc(2000, 1),
      mark,
      le(file.length, 4),
      Buffer.alloc(16),
      file,
      Buffer.alloc(50, 2),
    ]);
  };
  return row
    .attached('embedded object', 'a.docx', embedded)
    .attached('shared strings', 'a.xlsx', (word) =>
      buildZip([{ name: 'xl/sharedStrings.xml', content: payload(word) }]),
    )
    .attached('OpenDocument', 'a.odt', (word) => buildZip([{ name: 'content.xml', content: payload(word) }]))
    .attached('Word 2003 XML', 'a.xml', word2003)
    .attached('Flat OPC', 'b.xml', flat)
    .attached('ActiveMime', 'a.mso', active)
    .attached('OneNote', 'a.one', note)
    .attached('text of OneNote', 'a.one', (word) =>
      Buffer.concat([
        Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex'),
        Buffer.alloc(2000, 1),
        Buffer.from(`see ${word} there`, 'utf16le'),
        Buffer.alloc(50, 2),
      ]),
    ).cases;
}

function split(text: string): string {
  return (text.match(/.{1,30}/g) ?? []).map((part) => `"${part}"`).join(' + ');
}

function pages(): Technique[] {
  const row = new Row('documents', 'HTML smuggling', 'every browser');
  const file = (word: Word): Buffer => payload(word, 3);
  const base64 = (word: Word): string => file(word).toString('base64');
  const page =
    (build: (word: Word) => string): Build =>
    (word) =>
      Buffer.from(`<!DOCTYPE html><html><body>${build(word)}</body></html>`);
  const script = (build: (word: Word) => string): Build => page((word) => `<script>${build(word)}</script>`);
  const hex = (word: Word, prefix: string): string =>
    file(word).toString('hex').replace(/../g, `${prefix}$&`);
  const cases: readonly (readonly [string, Build])[] = [
    ['data URI', page((word) => `<a href="data:application/octet-stream;base64,${base64(word)}">x</a>`)],
    [
      'data URI with entities',
      page((word) => `<a href="data:;base64&#44;${base64(word).replaceAll('=', '&#61;')}">x</a>`),
    ],
    ['atob', script((word) => `var a = atob("${base64(word)}");`)],
    ['added literals', script((word) => `var a = ${split(base64(word))};`)],
    [
      'array of literals',
      script((word) => `var a = [${split(base64(word)).replaceAll(' + ', ', ')}].join('')`),
    ],
    [
      'reversed',
      script(
        (word) => `x = "${Array.from(base64(word)).toReversed().join('')}".split("").reverse().join("")`,
      ),
    ],
    ['base64 of base64', script((word) => `x = "${Buffer.from(base64(word)).toString('base64')}"`)],
    ['hex', script((word) => `unescape("${hex(word, '')}")`)],
    ['percent escapes', script((word) => `unescape("${hex(word, '%')}")`)],
    ['x escapes', script((word) => `var a = "${hex(word, String.raw`\x`)}"`)],
    ['numbers', script((word) => `var a = new Uint8Array([${Array.from(file(word)).join(',')}]);`)],
    ['character codes', script((word) => `String.fromCharCode(${Array.from(file(word)).join(', ')})`)],
    [
      'numbers with comments',
      script((word) => `new Uint8Array([${Array.from(file(word), (n) => `${n}/*x*/`).join(',')}])`),
    ],
    ['one push for each number', script((word) => Array.from(file(word), (n) => `b.push(${n});`).join(''))],
    [
      'one appended character for each number',
      script((word) => Array.from(file(word), (n) => `t+=String.fromCharCode(${n});`).join('')),
    ],
    [
      'one call for each number',
      script((word) => Array.from(file(word), (n) => `out["write"](${n});\n`).join('')),
    ],
    [
      'a variable in a template and one letter more',
      script((word) => Array.from(word, (letter) => `t = \`\${t}${letter}\`;`).join('')),
    ],
    [
      'elements behind the last one',
      script((word) => Array.from(word, (letter) => `t[t.length]="${letter}";`).join('')),
    ],
    [
      'a variable and one letter more',
      script((word) => Array.from(word, (letter) => `t = t + "${letter}";`).join('')),
    ],
    [
      'one assignment for each number',
      script((word) => Array.from(file(word), (n, i) => `b[${i}]=${n};`).join('')),
    ],
    [
      'sums of numbers',
      script((word) => `String.fromCharCode(${Array.from(file(word), (n) => `${n - 5}+5`).join(',')})`),
    ],
    ['template literals', script((word) => `atob(\`${base64(word).replace(/.{7}/g, "$&${''}")}\`)`)],
    [
      'address cut by tabs',
      page((word) => `<a href="d&Tab;ata:text/plain;bas&NewLine;e64,${base64(word)}">x</a>`),
    ],
    [
      'stream without header in base64',
      script((word) => `inflateRaw(atob("${deflateRawSync(file(word)).toString('base64')}"))`),
    ],
    ['word cut by zero-width spaces', page((word) => `<p>${Array.from(word).join('\u200b')}</p>`)],
    ['word cut by soft hyphens', page((word) => `<p>${Array.from(word).join('&shy;')}</p>`)],
    [
      'brackets in attributes',
      page((word) => `<p>${Array.from(word).join('<span title="a>b"></span>')}</p>`),
    ],
    [
      'entities in text',
      page((word) => `<p>${Array.from(word, (letter) => `&#${letter.charCodeAt(0)};`).join('')}</p>`),
    ],
    [
      'word split by tags',
      page((word) => `<p>${word.slice(0, 4)}<b></b>${word.slice(4, 7)}<!-- x -->${word.slice(7)}</p>`),
    ],
    [
      '16-bit page',
      (word) => Buffer.from(`\ufeff<html><script>atob("${base64(word)}")</script></html>`, 'utf16le'),
    ],
    [
      'SVG',
      (word) =>
        Buffer.from(
          `<svg xmlns="http://www.w3.org/2000/svg"><script>var a = atob("${base64(word)}")</script></svg>`,
        ),
    ],
  ];
  for (const [name, build] of cases) {
    row.attached(name, name === 'SVG' ? 'a.svg' : 'a.html', build);
  }
  return row.whole('as the body of the mail', (word) =>
    plainMail('Content-Type: text/html', script((inner) => `var a = atob("${base64(inner)}")`)(word)),
  ).cases;
}

/** Lines of 16 bytes behind their offset. */
function dumpOf(bytes: Buffer): string {
  const lines = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, index) => {
    const row = bytes.subarray(index * 16, index * 16 + 16).toString('hex');
    return `${(index * 16).toString(16).padStart(4, '0')}\t${row.replace(/(..)(?=.)/g, '$1 ')}\r\n`;
  });
  return lines.join('');
}

/** Groups of four bytes as five characters; what is left over is dropped. */
function base85(bytes: Buffer): string {
  return Array.from({ length: bytes.length >> 2 }, (_, index) => {
    const group = bytes.readUInt32BE(index * 4);
    const digits = [85 ** 4, 85 ** 3, 85 ** 2, 85, 1].map((place) => Math.floor(group / place) % 85);
    return digits.map((digit) => String.fromCharCode(0x21 + digit)).join('');
  })
    .join('')
    .replace(/[\\']/g, '\\$&');
}

function scripts(): Technique[] {
  const row = new Row('documents', 'scripts and links', 'Windows Script Host, PowerShell, Explorer');
  const numbers = (word: Word): number[] => Array.from(payload(word, 3));
  const link = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');
  const shortcut: Build = (word) =>
    Buffer.concat([link, Buffer.alloc(57), Buffer.from(`notepad ${word}`, 'utf16le')]);
  const visualBasic: Build = (word) =>
    Buffer.from(`a = ${split(payload(word, 3).toString('base64')).replaceAll(' + ', ' & _\r\n  ')}\r\n`);
  return row
    .attached('Visual Basic', 'a.vb_', visualBasic)
    .attached('one call for each character', 'a.txt', (word) =>
      Buffer.from(
        numbers(word)
          .map((n) => `Chr(${n})`)
          .join(' & '),
      ),
    )
    .attached('byte array', 'b.txt', (word) =>
      Buffer.from(
        `[Byte[]] $a = ${numbers(word)
          .map((n) => `0x${n.toString(16)}`)
          .join(',\n')}`,
      ),
    )
    .attached('added plain literals', 'c.txt', (word) =>
      Buffer.from(`var a = "${word.slice(0, 7)}" + '${word.slice(7)}' + "${'.'.repeat(20)}"`),
    )
    .attached('hexadecimal calls', 'e.txt', (word) =>
      Buffer.from(
        numbers(word)
          .map((n) => `ChrW(&H${n.toString(16)})`)
          .join('&'),
      ),
    )
    .attached('dump with offsets, as certutil reads it', 'dump.hex', (word) =>
      Buffer.from(dumpOf(payload(word, 3))),
    )
    .attached('base 85', 'a85.txt', (word) => Buffer.from(`exec(a85decode('${base85(payload(word, 3))}'))`))
    .attached('batch variables', 'f.txt', (word) =>
      Buffer.from(`@echo off\r\nset a=${word.slice(0, 5)}\r\nset b=${word.slice(5)}\r\necho %a%%b%\r\n`),
    )
    .attached('PowerShell format', 'g.txt', (word) =>
      Buffer.from(`$a = "{1}{0}" -f '${word.slice(5)}','${word.slice(0, 5)}'\r\n`),
    )
    .attached('XML sections', 'h.xm_', (word) =>
      Buffer.from(`<a>${Array.from(word, (letter) => `<![CDATA[${letter}]]>`).join('')}</a>`),
    )
    .attached('UTF-7 in a long text', 'd.txt', (word) =>
      Buffer.from(`${'filler '.repeat(40_000)}${word.replace('P', '+AFA-')}${' filler'.repeat(40_000)}`),
    )
    .attached('shortcut', 'a.lnk_', shortcut).cases;
}

/** Every case of section 4. */
export function documentTechniques(): Technique[] {
  return [...pdfs(), ...rtfs(), ...ole2s(), ...office(), ...pages(), ...scripts()];
}
