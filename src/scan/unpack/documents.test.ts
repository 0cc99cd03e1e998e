import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { buildOle, packageObject } from './ole-for-test.ts';
import { openAll, yields, type Opened } from './open-all.ts';
import { ascii85, lzw, pdf, runLength } from './pdf-for-test.ts';

const MARKER = 'POSTERN-TEST';
const file = Buffer.from(`MZ harmless ${MARKER} ${'.'.repeat(100)}`);
const unpackers = createUnpackers();

function open(bytes: Buffer | string): Promise<Opened> {
  return openAll(Buffer.from(bytes), { unpackers });
}

function has(opened: Opened, bytes: Buffer = file): boolean {
  return opened.pieces.some((piece) => Buffer.from(piece.bytes).equals(bytes));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** OLE 1 framing of an embedded object, as RTF holds it. */
function ole1(native: Buffer, name = 'Package'): string {
  const label = Buffer.from(`${name}\0`);
  const head = Buffer.concat([
    u32(0x501),
    u32(2),
    u32(label.length),
    label,
    u32(0),
    u32(0),
    u32(native.length),
  ]);
  return Buffer.concat([head, native]).toString('hex');
}

describe('RTF', () => {
  const hex = ole1(packageObject('a.exe', file));
  const shapes: Record<string, string> = {
    'an object': `{\\rtf1{\\object\\objemb{\\*\\objdata ${hex}}}}`,
    'digits in lines': `{\\rtf1{\\*\\objdata\r\n${hex.replace(/(.{60})/g, '$1\r\n')}}}`,
    'blanks between digits': `{\\rtf1{\\*\\objdata ${hex.replace(/(.)/g, '$1 \t')}}}`,
    'upper case': `{\\rtf1{\\*\\objdata ${hex.toUpperCase()}}}`,
    'junk groups between digits': `{\\rtf1{\\*\\objdata ${hex.replace(/(.{40})/g, '$1{\\*\\junk aa}')}}}`,
    'control words between digits': `{\\rtf1{\\*\\objdata ${hex.replace(/(.{41})/g, '$1\\par ')}}}`,
    'digits inside groups': `{\\rtf1{\\*\\objdata {${hex.slice(0, 50)}}{${hex.slice(50)}}}}`,
    'a number behind the word': `{\\rtf1{\\*\\objdata0 ${hex}}}`,
    'blanks before the first brace': `   \r\n{\\rt0{\\*\\objdata ${hex}}}`,
    'no closing brace': `{\\rtf1{\\*\\objdata ${hex}`,
  };
  for (const [shape, text] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => assert.equal(has(await open(text)), true));
  }

  const letters = Array.from(MARKER, (letter) => letter.charCodeAt(0));
  const texts: Record<string, string> = {
    'hex escapes': letters.map((code) => String.raw`\'${code.toString(16)}`).join(''),
    'Unicode with substitutes': letters.map((code) => String.raw`\u${code}?`).join(''),
    'Unicode without substitutes': String.raw`\uc0 ${letters.map((code) => String.raw`\u${code} `).join('')}`,
    'Unicode with substitutes in hex': letters.map((code) => String.raw`\u${code}\'3f`).join(''),
    'groups between letters': Array.from(MARKER).join(String.raw`{\b0}`),
    'line ends between letters': Array.from(MARKER).join('\r\n'),
  };
  for (const [shape, text] of Object.entries(texts)) {
    it(`reads a text written in ${shape}`, async () => {
      const { pieces } = await open(`{\\rtf1 hello ${text} there}`);
      assert.ok(pieces.some((piece) => Buffer.from(piece.bytes).includes(MARKER)));
    });
  }

  it('opens binary data inside an object', async () => {
    const raw = Buffer.from(hex, 'hex');
    const text = Buffer.concat([
      Buffer.from(`{\\rtf1{\\*\\objdata\\bin${raw.length} `),
      raw,
      Buffer.from('}}'),
    ]);
    assert.equal(has(await open(text)), true);
  });

  it('opens a compound file in an object', async () => {
    const native = packageObject('a.exe', file);
    const ole = buildOle([{ name: '\u0001Ole10Native', bytes: Buffer.concat([u32(native.length), native]) }]);
    assert.equal(has(await open(`{\\rtf1{\\*\\objdata ${ole1(ole, 'Word.Document.8')}}}`)), true);
  });

  it('reads a hex run outside an object at the shortest length and not below', async () => {
    const run = Buffer.alloc(32, 'x').toString('hex');
    assert.equal(yields(await open(`{\\rtf1 {\\pict ${run}}}`), 'x'.repeat(32)), true);
    const { pieces } = await open(`{\\rtf1 {\\pict ${run.slice(2)}}}`);
    assert.equal(
      pieces.some(({ path }) => path.endsWith('/hex')),
      false,
    );
  });
});

describe('PDF', () => {
  const octal = Array.from(Buffer.from(MARKER), (code) => `\\${code.toString(8).padStart(3, '0')}`);
  const shown: Record<string, string> = {
    'kerned letters': `BT [${Array.from(MARKER, (letter) => `(${letter})`).join(' -5 ')}] TJ ET`,
    'a call for each letter': `BT ${Array.from(MARKER, (letter) => `(${letter}) Tj`).join(' ')} ET`,
    hex: `BT <${Buffer.from(MARKER).toString('hex')}> Tj ET`,
    'octal escapes': `BT (${octal.join('')}) Tj ET`,
  };
  for (const [shape, content] of Object.entries(shown)) {
    it(`reads the text of a page in ${shape}`, async () => {
      const { pieces } = await open(pdf('/Filter /FlateDecode', deflateSync(Buffer.from(content))));
      assert.ok(pieces.some((piece) => Buffer.from(piece.bytes).includes(MARKER)));
    });
  }

  const packed = deflateSync(file);
  const shapes: Record<string, Buffer> = {
    Flate: pdf('/Filter /FlateDecode', packed),
    'Flate behind a line end too many': pdf(
      '/Filter /FlateDecode',
      Buffer.concat([Buffer.from('\r\n'), packed]),
    ),
    'Flate under its short name': pdf('/F /Fl', packed),
    'Flate with an escaped name': pdf('/Filter /Fl#61te#44ecode', packed),
    'Flate in Flate': pdf('/Filter [/FlateDecode /FlateDecode]', deflateSync(packed)),
    'ASCII85 over Flate': pdf('/Filter [/ASCII85Decode /FlateDecode]', ascii85(packed)),
    'hex over Flate': pdf('/Filter[/ASCIIHexDecode/FlateDecode]', Buffer.from(`${packed.toString('hex')}>`)),
    'run lengths': pdf('/Filter /RunLengthDecode', runLength(file, 100)),
    LZW: pdf('/Filter /LZWDecode', lzw(file)),
    'a wrong length': pdf('/Filter /FlateDecode', packed, 3),
    'no filter named': pdf('', packed),
    'an indirect filter': Buffer.concat([
      pdf('/Filter 7 0 R', packed),
      Buffer.from('7 0 obj\n/FlateDecode\nendobj\n'),
    ]),
    'no end of the stream': pdf('/Filter /FlateDecode', packed).subarray(0, -18),
    'an embedded file without filter': pdf('/Type /EmbeddedFile', file),
    'junk before the mark': Buffer.concat([Buffer.alloc(900, 'j'), pdf('/Filter /FlateDecode', packed)]),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => {
      const opened = await open(bytes);
      assert.equal(has(opened), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('reads on when the end mark occurs inside compressed data', async () => {
    const tricky = gzipSync(Buffer.from(`x${MARKER}`)); // stored inside a deflate stream of level 0
    const stored = deflateSync(Buffer.concat([Buffer.from('MZ endstream '), tricky, file]), { level: 0 });
    assert.equal(yields(await open(pdf('/Filter /FlateDecode', stored, 1)), file.toString()), true);
  });

  it('undoes the TIFF predictor', async () => {
    const row = 8;
    const rows = Buffer.concat([file, Buffer.alloc((row - (file.length % row)) % row)]);
    const coded = rows.map((byte, at) => byte - (at % row === 0 ? 0 : (rows[at - 1] ?? 0)));
    const parameters = `/DecodeParms << /Predictor 2 /Columns ${row} >>`;
    const opened = await open(pdf(`/Filter /FlateDecode ${parameters}`, deflateSync(coded)));
    assert.equal(yields(opened, MARKER), true);
  });

  it('undoes PNG predictors', async () => {
    const row = 8;
    const rows = Buffer.concat([file, Buffer.alloc((row - (file.length % row)) % row)]);
    const coded: number[] = [];
    for (let at = 0; at < rows.length; at += row) {
      coded.push(2); // up
      for (let x = 0; x < row; x += 1) {
        coded.push(((rows[at + x] ?? 0) - (rows[at + x - row] ?? 0)) & 255);
      }
    }
    const parameters = `/DecodeParms << /Predictor 12 /Columns ${row} >>`;
    const opened = await open(pdf(`/Filter /FlateDecode ${parameters}`, deflateSync(Buffer.from(coded))));
    assert.equal(yields(opened, MARKER), true);
    const indirect = Buffer.concat([
      pdf('/Filter [/FlateDecode] /DecodeParms [95 0 R]', deflateSync(Buffer.from(coded))),
      Buffer.from(`\n95 0 obj\n<< /Predictor 12 /Columns ${row} >>\nendobj\n`),
    ]);
    assert.equal(yields(await open(indirect), MARKER), true);
  });

  it('reads scripts in strings, literal and hex, with escapes', async () => {
    const hex = Buffer.from(MARKER).toString('hex');
    for (const script of [`(app.alert\\("POSTERN\\055TEST"\\))`, `<${hex}>`]) {
      assert.equal(
        yields(await open(`%PDF-1.4\n1 0 obj << /S /JavaScript /J#53 ${script} >> endobj`), MARKER),
        true,
      );
    }
  });

  it('joins the many small streams of a long document', async () => {
    const page = pdf('/Filter /FlateDecode', deflateSync(Buffer.from('BT (text) Tj ET')));
    const body = page.subarray('%PDF-1.7\n'.length);
    const opened = await open(Buffer.concat([page, ...Array.from({ length: 3000 }, () => body)]));
    assert.deepEqual([opened.causes, opened.stopped], [[], undefined]);
    assert.ok(opened.pieces.length < 20);
  });

  it('bounds chains of filters and what they expand to', async () => {
    const nine = `[${'/ASCIIHexDecode '.repeat(9)}]`;
    assert.ok((await open(pdf(`/Filter ${nine}`, Buffer.from('41>')))).causes.includes('bomb'));
    const eight = `[${'/ASCIIHexDecode '.repeat(8)}]`;
    assert.deepEqual((await open(pdf(`/Filter ${eight}`, Buffer.from('41>')))).causes, []);
    const flat = deflateSync(deflateSync(Buffer.alloc(26_000_000)));
    const opened = await open(pdf('/Filter [/FlateDecode /FlateDecode]', flat));
    assert.ok(opened.causes.includes('bomb'));
  });
});
