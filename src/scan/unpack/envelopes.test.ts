import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { buildOle, packageObject } from './ole-for-test.ts';
import { openAll, yields, type Opened } from './open-all.ts';
import { buildZip } from './zip-for-test.ts';

const MARKER = 'POSTERN-TEST';
const file = Buffer.from(`MZ harmless ${MARKER} ${'.'.repeat(100)}`);
const unpackers = createUnpackers();

function open(bytes: Buffer | string): Promise<Opened> {
  return openAll(Buffer.from(bytes), { unpackers });
}

function has(opened: Opened, bytes: Buffer = file): boolean {
  return opened.pieces.some((piece) => Buffer.from(piece.bytes).equals(bytes));
}

function le(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

function attribute(id: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([2]), le(id, 4), le(data.length, 4), data, le(0, 2)]);
}

function tnef(...attributes: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('789f3e220100', 'hex'), ...attributes]);
}

function property(type: number, id: number, value: Buffer): Buffer {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4);
  return Buffer.concat([le(type, 2), le(id, 2), le(1, 4), le(value.length, 4), value, padding]);
}

describe('TNEF', () => {
  it('gives every attachment and the body', async () => {
    const second = Buffer.from(`second ${MARKER}`);
    const opened = await open(
      tnef(
        attribute(0x00018010, Buffer.from('a.exe\0')),
        attribute(0x0006800f, file),
        attribute(0x0006800f, second),
        attribute(0x0002800c, Buffer.from('the body')),
      ),
    );
    assert.equal(has(opened) && has(opened, second) && has(opened, Buffer.from('the body')), true);
    assert.ok(opened.pieces.some(({ name }) => name === 'a.exe'));
  });

  it('gives attachments stored as properties, behind fixed, named and multiple ones', async () => {
    const fixed = Buffer.concat([le(3, 2), le(0x0e20, 2), le(7, 4)]);
    const named = Buffer.concat([le(3, 2), le(0x8001, 2), Buffer.alloc(16), le(0, 4), le(9, 4), le(1, 4)]);
    const multiple = Buffer.concat([le(0x1003, 2), le(0x0e21, 2), le(2, 4), le(1, 4), le(2, 4)]);
    const object = property(0x0d, 0x3701, Buffer.concat([Buffer.alloc(16, 1), file]));
    const opened = await open(
      tnef(attribute(0x00069005, Buffer.concat([le(4, 4), fixed, named, multiple, object]))),
    );
    assert.equal(has(opened), true);
  });

  it('decompresses RTF bodies (the example of MS-OXRTFCP 4.1.1)', async () => {
    const compressed = Buffer.from(
      '2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0',
      'hex',
    );
    const opened = await open(
      tnef(attribute(0x00069003, Buffer.concat([le(1, 4), property(0x102, 0x1009, compressed)]))),
    );
    assert.equal(has(opened, Buffer.from('{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n')), true);
  });

  it('keeps what a cut file gives and calls it malformed', async () => {
    const opened = await open(tnef(attribute(0x0006800f, file)).subarray(0, -20));
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['malformed']);
  });
});

describe('files inside files', () => {
  it('gives the attachments of a OneNote section', async () => {
    const mark = Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex');
    const object = Buffer.concat([mark, le(file.length, 4), Buffer.alloc(16), file, Buffer.alloc(16)]);
    const opened = await open(Buffer.concat([Buffer.alloc(2000, 1), object, object, Buffer.alloc(50, 2)]));
    assert.equal(has(opened), true);
  });

  it('gives the text of a OneNote section, which has two bytes for each character', async () => {
    const section = Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex');
    const noise = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 37 + 129) & 0xff));
    const text = Buffer.from(`read ${MARKER} there`, 'utf16le');
    const opened = await open(Buffer.concat([section, noise, text, noise]));
    assert.equal(yields(opened, MARKER), true);
    assert.equal(yields(await open(Buffer.concat([noise, text, noise])), MARKER), false);
  });

  it('opens ActiveMime at any offset, and says so when it cannot', async () => {
    const ole = buildOle([{ name: 'x', bytes: Buffer.concat([Buffer.alloc(300), file]) }]);
    for (const gap of [40, 0x32 - 10, 90]) {
      const opened = await open(
        Buffer.concat([Buffer.from('ActiveMime'), Buffer.alloc(gap), deflateSync(ole)]),
      );
      assert.equal(yields(opened, MARKER), true);
    }
    assert.deepEqual((await open(Buffer.concat([Buffer.from('ActiveMime'), Buffer.alloc(90)]))).causes, [
      'malformed',
    ]);
  });

  it('inflates the files of a Symbian package', async () => {
    const head = Buffer.concat([Buffer.alloc(8), le(0x1000_0419, 4), Buffer.alloc(88)]);
    assert.equal(
      has(
        await open(Buffer.concat([head, deflateSync(file), Buffer.alloc(20), deflateSync(Buffer.alloc(99))])),
      ),
      true,
    );
  });

  it('opens an archive behind a shortcut once, whole', async () => {
    const zip = buildZip([{ name: 'a.exe', content: file }]);
    const opened = await open(
      Buffer.concat([Buffer.from('4c0000000114020000000000c000000000000046', 'hex'), Buffer.alloc(56), zip]),
    );
    assert.equal(has(opened, file), true);
    assert.deepEqual(opened.causes, []);
  });

  it('reads the 16-bit command line of a shortcut', async () => {
    const head = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');
    for (const odd of [0, 1]) {
      const line = Buffer.from(`powershell ${MARKER}`, 'utf16le');
      assert.equal(yields(await open(Buffer.concat([head, Buffer.alloc(56 + odd), line])), MARKER), true);
    }
  });

  it('opens cabinets and setup streams of InstallShield', async () => {
    const packed = deflateRawSync(file);
    const header = Buffer.concat([
      Buffer.from('ISc('),
      le(0x01009500, 4),
      Buffer.alloc(12),
      le(64, 4),
      Buffer.alloc(40),
    ]);
    const cabinet = Buffer.concat([header, le(packed.length, 2), packed, le(0, 2)]);
    const name = Buffer.from('a.exe');
    const key = name.map((byte, index) => byte ^ ([0xec, 0xca, 0x79, 0xf8][index % 4] ?? 0));
    const plain = deflateSync(file);
    const sealed = plain.map((byte, index) => {
      const mixed = byte ^ (key[(index % 1024) % key.length] ?? 0);
      return ((mixed >> 4) | (mixed << 4)) & 255;
    });
    const entry = Buffer.concat([
      name,
      Buffer.alloc(0x10c - name.length),
      le(sealed.length, 4),
      Buffer.alloc(40),
    ]);
    const mark = Buffer.from('InstallShield\0', 'latin1');
    const setup = Buffer.concat([mark, le(1, 2), Buffer.alloc(30), entry, sealed, Buffer.alloc(8)]);
    for (const bytes of [cabinet, setup]) {
      const opened = await open(Buffer.concat([Buffer.from('MZ'), Buffer.alloc(700, 1), bytes]));
      assert.equal(has(opened), true);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('names formats that it cannot open instead of staying silent', async () => {
    for (const start of [
      '1234567**ACE**',
      'ALZ\u0001',
      'EGGA',
      'SIT!',
      'ISc(',
      'KWAJ\u0088\u00f0\u0027\u00d1',
      'LRZI\u0000\u0006',
      'RZIP\u0002\u0000',
      '\u001f\u001e\u0000\u0000\u0010\u0000\u0009',
    ]) {
      assert.deepEqual((await open(Buffer.from(start.padEnd(100, '\u0001'), 'latin1'))).causes, [
        'malformed',
      ]);
    }
  });

  it('says that a later volume of a split archive cannot be opened', async () => {
    for (const [name, causes] of [
      ['a.7z.002', ['malformed']],
      ['a.zip.010', ['malformed']],
      ['a.r00', ['malformed']],
      ['a.z01', ['malformed']],
      ['a.7z.001', []],
      ['a.rtf', []],
    ] as const) {
      assert.deepEqual((await openAll(Buffer.alloc(200, 0xfe), { unpackers, name })).causes, causes);
    }
  });

  it('reports encrypted OpenDocument files by their manifest', async () => {
    const manifest =
      '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">';
    const sealed = `${manifest}<manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`;
    for (const [text, causes] of [
      [sealed, ['encrypted']],
      [`${manifest}</manifest:manifest>`, []],
    ] as const) {
      const odt = buildZip([{ name: 'META-INF/manifest.xml', content: Buffer.from(text) }]);
      assert.deepEqual((await open(odt)).causes, causes);
    }
  });

  const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(500, 3)]);
  const seven = Buffer.from('N3q8ryccAAQJs37BJgAAAAAAAABaAAAAAAAAAP//////', 'base64');
  const ole = buildOle([
    { name: '\u0001Ole10Native', bytes: Buffer.concat([le(0, 4), packageObject('a', file)]) },
  ]);
  const behind: Record<string, Buffer> = {
    'a zip archive': buildZip([{ name: 'a', content: file }]),
    'a gzip stream': gzipSync(file),
    'a compound file': ole,
  };
  for (const [what, bytes] of Object.entries(behind)) {
    it(`finds ${what} behind other data`, async () => {
      assert.equal(has(await open(Buffer.concat([gif, bytes, Buffer.alloc(100, 5)]))), true);
    });
  }

  it('says nothing about marks that are no files', async () => {
    const marks = [
      seven,
      Buffer.from('Rar!\u001a\u0007\u0000', 'latin1'),
      Buffer.from('1f8b08', 'hex'),
      Buffer.from('PK\u0003\u0004'),
    ];
    const noise = Buffer.concat(marks.flatMap((mark) => [gif, mark]));
    assert.deepEqual((await open(Buffer.concat([noise, gif]))).causes, []);
  });
});
