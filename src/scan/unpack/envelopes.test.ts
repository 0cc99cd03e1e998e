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

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([Buffer.from([tag, 0x84]), length, content]);
}

/** The same with indefinite length. */
function ber(tag: number, ...parts: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)]);
}

function oid(hex: string): Buffer {
  return Buffer.from(`06${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`, 'hex');
}

const DATA = oid('2a864886f70d010701');
const SIGNED = oid('2a864886f70d010702');
const ENVELOPED = oid('2a864886f70d010703');
const COMPRESSED = oid('2a864886f70d0109100109');
const VERSION = Buffer.from('020101', 'hex');

type Encode = (tag: number, ...parts: readonly Buffer[]) => Buffer;

function signed(encode: Encode, octets: Buffer): Buffer {
  const content = encode(0x30, DATA, encode(0xa0, octets));
  return encode(0x30, SIGNED, encode(0xa0, encode(0x30, VERSION, encode(0x31), content, encode(0x31))));
}

function chunked(bytes: Buffer): Buffer {
  return ber(
    0x24,
    ...Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      der(0x04, bytes.subarray(i * 7, i * 7 + 7)),
    ),
  );
}

describe('S/MIME', () => {
  const shapes: Record<string, Buffer> = {
    'signed content in DER': signed(der, der(0x04, file)),
    'signed content in BER with indefinite lengths and many small strings': signed(ber, chunked(file)),
    'strings in strings': signed(ber, ber(0x24, chunked(file))),
    'plain data': der(0x30, DATA, der(0xa0, der(0x04, file))),
    'compressed content': der(
      0x30,
      COMPRESSED,
      der(
        0xa0,
        der(
          0x30,
          VERSION,
          der(0x30, oid('2a864886f70d0109100308')),
          der(0x30, DATA, der(0xa0, der(0x04, deflateSync(file)))),
        ),
      ),
    ),
    'PEM armour': Buffer.from(
      `-----BEGIN PKCS7-----\n${signed(der, der(0x04, file))
        .toString('base64')
        .replace(/(.{64})/g, '$1\n')}\n-----END PKCS7-----\n`,
    ),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => {
      const opened = await open(bytes);
      assert.equal(has(opened), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('reports encrypted messages', async () => {
    const opened = await open(
      der(0x30, ENVELOPED, der(0xa0, der(0x30, VERSION, der(0x31), Buffer.alloc(40)))),
    );
    assert.deepEqual(opened.causes, ['encrypted']);
  });

  it('says nothing about a signature without content', async () => {
    const detached = der(0x30, SIGNED, der(0xa0, der(0x30, VERSION, der(0x31), der(0x30, DATA), der(0x31))));
    assert.deepEqual((await open(detached)).causes, []);
  });

  it('keeps what a cut message gives and calls it malformed', async () => {
    const opened = await open(signed(der, der(0x04, file)).subarray(0, -60));
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['malformed']);
  });

  it('gives no byte twice where strings reach beyond those that they stand in', async () => {
    // Each holds the next and claims to end far behind itself.
    const nested = Buffer.concat(Array.from({ length: 60 }, () => Buffer.from([0x24, 0x7f])));
    const overlapping = Buffer.concat([nested, der(0x04, file)]);
    const opened = await open(signed(ber, ber(0x24, overlapping, overlapping, overlapping)));
    const given = opened.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    assert.ok(given <= overlapping.length * 6);
    assert.equal(opened.stopped, undefined);
  });

  it('ends on nesting beyond the limit', async () => {
    let deep = der(0x04, file);
    for (let level = 0; level < 100; level += 1) {
      deep = ber(0x24, deep);
    }
    const opened = await open(signed(ber, deep));
    assert.equal(opened.stopped, undefined);
    assert.equal(has(opened), false);
  });
});

function packet(tag: number, body: Buffer): Buffer {
  const length = Buffer.alloc(5, 0xff);
  length.writeUInt32BE(body.length, 1);
  return Buffer.concat([Buffer.from([0xc0 | tag]), length, body]);
}

/** Partial lengths of 512 bytes, then the rest. */
function partialPacket(tag: number, body: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0xc0 | tag])];
  let at = 0;
  for (; at + 512 < body.length; at += 512) {
    parts.push(Buffer.from([0xe9]), body.subarray(at, at + 512));
  }
  const rest = body.subarray(at);
  return Buffer.concat([...parts, Buffer.from([0xff, 0, 0, rest.length >> 8, rest.length & 255]), rest]);
}

function literal(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x62, 5]), Buffer.from('a.exe'), Buffer.alloc(4), content]);
}

function armour(bytes: Buffer): string {
  return `Hello\n\n-----BEGIN PGP MESSAGE-----\nVersion: x\n\n${bytes.toString('base64').replace(/(.{20})/g, '$1\n')}\n=AbCd\n-----END PGP MESSAGE-----\n`;
}

describe('OpenPGP', () => {
  const plain = packet(11, literal(file));
  const long = Buffer.concat([file, Buffer.alloc(2000, 'x')]);
  const oldFormat = Buffer.concat([Buffer.from([0xad, 0, literal(file).length]), literal(file)]);
  const shapes: Record<string, [Buffer | string, Buffer]> = {
    'literal data': [plain, file],
    'literal data of the old format': [oldFormat, file],
    'partial lengths': [partialPacket(11, literal(long)), long],
    'zip compression': [packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(plain)])), file],
    'zlib compression': [packet(8, Buffer.concat([Buffer.from([2]), deflateSync(plain)])), file],
    'no compression': [packet(8, Buffer.concat([Buffer.from([0]), plain])), file],
    armour: [armour(plain), file],
    'armour that a reply quotes': [
      armour(packet(8, Buffer.concat([Buffer.from([2]), deflateSync(plain)]))).replaceAll('\n', '\n> '),
      file,
    ],
    'a message behind a marker': [Buffer.concat([packet(10, Buffer.from('PGP')), plain]), file],
    'a signed message': [
      Buffer.concat([packet(4, Buffer.from([3, ...Array.from({ length: 12 }, () => 0)])), plain]),
      file,
    ],
  };
  for (const [shape, [bytes, expected]] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => {
      const opened = await open(bytes);
      assert.equal(has(opened, expected), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('takes no memory of its own for each of a million partial lengths of one byte', async () => {
    const parts = Buffer.alloc(2_000_000, Buffer.from([0xe0, 0x61]));
    const body = literal(file);
    const bytes = Buffer.concat([
      Buffer.from([0xcb]),
      parts,
      Buffer.from([0xff, 0, 0, body.length >> 8, body.length & 255]),
      body,
    ]);
    bytes.set(literal(Buffer.alloc(0)).subarray(0, 1), 2); // the first byte says what kind of data it is
    const before = process.memoryUsage();
    const opened = await open(bytes);
    const after = process.memoryUsage();
    const name = 0x61;
    assert.equal(has(opened, Buffer.concat([Buffer.alloc(1_000_000 - 2 - name - 4, 'a'), body])), true);
    const taken = after.heapUsed + after.external - before.heapUsed - before.external;
    assert.ok(taken < 40_000_000, `${taken} bytes`);
  });

  it('reports messages that need a key or a passphrase', async () => {
    const sealed = packet(18, Buffer.concat([Buffer.from([1]), Buffer.alloc(60, 7)]));
    const key = packet(1, Buffer.concat([Buffer.from([3]), Buffer.alloc(60)]));
    const passphrase = packet(3, Buffer.concat([Buffer.from([4]), Buffer.alloc(12)]));
    for (const session of [key, passphrase]) {
      assert.deepEqual((await open(Buffer.concat([session, sealed]))).causes, ['encrypted']);
      const { causes } = await open(armour(Buffer.concat([session, sealed])));
      assert.deepEqual([...new Set(causes)], ['encrypted']); // read as armour, and as base64 behind a word
    }
  });
});

describe('files inside files', () => {
  it('gives the attachments of a OneNote section', async () => {
    const mark = Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex');
    const object = Buffer.concat([mark, le(file.length, 4), Buffer.alloc(16), file, Buffer.alloc(16)]);
    const opened = await open(Buffer.concat([Buffer.alloc(2000, 1), object, object, Buffer.alloc(50, 2)]));
    assert.equal(has(opened), true);
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
