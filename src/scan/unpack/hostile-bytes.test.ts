import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { createUnpackers } from './index.ts';
import { buildOle, compressVba, packageObject } from './ole-for-test.ts';
import { openAll } from './open-all.ts';
import { buildZip } from './zip-for-test.ts';

const unpackers = createUnpackers();
const text = Buffer.from(`harmless POSTERN-TEST ${'and more text. '.repeat(30)}`);
const zip = buildZip([
  { name: 'a', content: text },
  { name: 'b', content: text, method: 0 },
]);
const ole = buildOle([
  { name: '\u0001Ole10Native', bytes: Buffer.concat([Buffer.alloc(4), packageObject('a', text)]) },
  { name: 'Module1', bytes: compressVba(Buffer.from(`Attribute VB_Name = "x"\r\n${text.toString()}`)) },
  { name: 'big', bytes: Buffer.alloc(5000, 'x') },
]);
const pdf = Buffer.concat([
  Buffer.from(
    '%PDF-1.4\n1 0 obj << /Filter [/ASCII85Decode /LZWDecode /FlateDecode] /Predictor 12 /Columns 4 >>\nstream\n',
  ),
  deflateSync(text),
  Buffer.from('\nendstream /JS (app\\050x\\051) /Encrypt << /V 4 /R 4 /O (x) /U (y) /P -4 >> /ID [<00>]'),
]);
const pgp = Buffer.concat([Buffer.from([0xc8, 0xc0, 0x20, 2]), deflateSync(text)]);
const cms = Buffer.from(
  '308006092a864886f70d010702a08030800201013100308006092a864886f70d010701a0802480040161040162000000000000000000000000',
  'hex',
);
const tnef = Buffer.concat([
  Buffer.from('789f3e22010002', 'hex'),
  Buffer.from('0f80060010000000', 'hex'),
  text,
]);

/** One seed of every kind of reader; mutated, joined and cut below. */
const seeds: readonly Buffer[] = [
  zip,
  ole,
  pdf,
  pgp,
  cms,
  tnef,
  gzipSync(zip),
  zstdCompressSync(text),
  Buffer.from(`{\\rtf1{\\*\\objdata ${ole.toString('hex')}}}`),
  Buffer.from(
    `<script>var a = "${zip.toString('base64')}" + 'x' + "\\x41%42" .reverse(); [1,2,3,0x44]</script>`,
  ),
  Buffer.from('#@~^AAAAAA==\tUm.bwDR21tK~JhrjKAIHR:2?:EAAAAAA==^#~@'),
  Buffer.concat([Buffer.from('ActiveMime'), Buffer.alloc(40), deflateSync(ole)]),
  Buffer.concat([Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex'), Buffer.alloc(20, 9), text]),
  Buffer.concat([Buffer.from('04224d186040820a000080', 'hex'), text]),
  Buffer.from('N3q8ryccAAQ', 'base64'),
  Buffer.from('Rar!\u001a\u0007\u0001\u0000aaaaaaaaaaaa', 'latin1'),
  Buffer.from('425a6839314159265359', 'hex'),
  Buffer.from(`-----BEGIN PGP MESSAGE-----\n\n${pgp.toString('base64')}\n-----END PGP MESSAGE-----`),
  Buffer.from('<p>plain &#80; text</p>', 'utf16le'),
];

interface Change {
  readonly at: number;
  readonly kind: number;
  readonly value: number;
}

function mutate(seed: Buffer, changes: readonly Change[], keep: number): Buffer {
  const bytes = Buffer.from(seed);
  for (const { at, kind, value } of changes) {
    const position = Math.floor(at * bytes.length);
    if (kind === 0) {
      bytes[position] = value;
    } else if (kind === 1) {
      bytes.fill(value, position, Math.min(bytes.length, position + 4));
    } else {
      bytes.copyWithin(
        Math.floor((value / 256) * bytes.length),
        position,
        Math.min(bytes.length, position + 64),
      );
    }
  }
  return bytes.subarray(0, Math.ceil(keep * bytes.length));
}

const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });
const change = fc.record({ at: fraction, kind: fc.nat(2), value: fc.nat(255) });
const hostile = fc
  .tuple(fc.constantFrom(...seeds), fc.array(change, { maxLength: 8 }), fc.constantFrom(1, 1, 0.9, 0.5, 0.1))
  .map(([seed, changes, keep]) => mutate(seed, changes, keep));
const limits = { maxObjectBytes: 100_000, maxTotalBytes: 400_000, maxPieces: 60, ratioFloorBytes: 20_000 };
const RUNS = { numRuns: 250, seed: 20261121 };

describe('hostile bytes', () => {
  it('never make an unpacker throw anything but a limit, nor a reader fail', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (bytes) => {
        const { details } = await openAll(bytes, { unpackers, limits, passwords: ['x'] });
        assert.deepEqual(
          details.filter((detail) => detail.includes('reader failed')),
          [],
        );
      }),
      RUNS,
    );
  });

  it('never exceed the budget', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (first, second) => {
        const { pieces } = await openAll(Buffer.concat([first, second]), { unpackers, limits });
        const total = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
        assert.ok(total <= limits.maxTotalBytes && pieces.length <= limits.maxPieces);
        assert.ok(pieces.every(({ bytes }) => bytes.length <= limits.maxObjectBytes));
      }),
      { ...RUNS, numRuns: 120 },
    );
  });

  it('give the same pieces and causes twice', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, async (bytes) => {
        const [once, again] = [
          await openAll(bytes, { unpackers, limits }),
          await openAll(bytes, { unpackers: createUnpackers(), limits }),
        ];
        assert.deepEqual(once.causes, again.causes);
        assert.deepEqual(
          once.pieces.map(({ path }) => path),
          again.pieces.map(({ path }) => path),
        );
      }),
      { ...RUNS, numRuns: 40 },
    );
  });

  it('arbitrary bytes are read without a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        const { details } = await openAll(bytes, { unpackers, limits });
        assert.deepEqual(
          details.filter((detail) => detail.includes('reader failed')),
          [],
        );
      }),
      RUNS,
    );
  });
});
