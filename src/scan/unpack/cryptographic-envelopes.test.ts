import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';
import { literal, packet, partialPacket } from './openpgp-for-test.ts';

const MARKER = 'POSTERN-TEST';
const file = Buffer.from(`MZ harmless ${MARKER} ${'.'.repeat(100)}`);
const unpackers = createUnpackers();

function open(bytes: Buffer | string): Promise<Opened> {
  return openAll(Buffer.from(bytes), { unpackers });
}

function has(opened: Opened, bytes: Buffer = file): boolean {
  return opened.pieces.some((piece) => Buffer.from(piece.bytes).equals(bytes));
}

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
