import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';

const MARKER = 'POSTERN-TEST';
const content = Buffer.from(`${'filler line\n'.repeat(40)}${MARKER}`);
const unpackers = createUnpackers();

function open(bytes: Buffer, name?: string): Promise<Opened> {
  return openAll(bytes, name === undefined ? { unpackers } : { unpackers, name });
}

function tarHeader(name: string, size: number, type = '0', checksum = true): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${(checksum ? sum : 1).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function tarEntry(name: string, body: Buffer, type = '0', checksum = true): Buffer {
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return Buffer.concat([tarHeader(name, body.length, type, checksum), body, padding]);
}

/** Made once with `lz4 -l`, `lz4`, `lzip`, `xz --format=lzma`, `xz`, `bzip2`, `compress`, of a text with the marker. */
const FIXTURES = {
  lz4: 'BCJNGGRApxkAAAB/ZmlsbGVyCgcActBQT1NURVJOLVRFU1QKAAAAAL+qxew=',
  'two streams of lz4':
    'BCJNGGRApwYAAIBmaXJzdAoAAAAA/8U4LwQiTRhkQKcZAAAAf2ZpbGxlcgoHAHLQUE9TVEVSTi1URVNUCgAAAAC/qsXs',
  'legacy lz4': 'AiFMGBkAAAB/ZmlsbGVyCgcActBQT1NURVJOLVRFU1QK',
  lzip: 'TFpJUAEMADMaSer2xiVZOaZZ4vXtknHXPx3mYxEi0mVzv//zNlAAtYPwcZkAAAAAAAAAOwAAAAAAAAA=',
  'two streams of lzip':
    'TFpJUAEMADMaSqwMchuosf///it4ACqzSscGAAAAAAAAACoAAAAAAAAATFpJUAEMADMaSer2xiVZOaZZ4vXtknHXPx3mYxEi' +
    '0mVzv//zNlAAtYPwcZkAAAAAAAAAOwAAAAAAAAA=',
  'lzip with a dictionary of no round size':
    'TFpJUAEtADMaSer2xiwcbRXHay6gVUV6OqiHA+ZYzxmY9yLOR0EiJOL5TSUlEGxWcw3VqQwUMZuiREjI4i+v9mMlZWi0P/+BMIAABoJu6CwcAAAAAAAAXwAAAAAAAAA=',
  lzma: 'XQAAgAD//////////wAzGknq9sYlWTmmWeL17ZJx1z8d5mMRItJlc7//8zZQAA==',
  xz:
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ACYABtdADMaSer2xiVZOaZZ4vXtknHXPx3mYxEitKQAAAAAyfGbP1ZjhYEAATeZ' +
    'AQAAAMzBgL6xxGf7AgAAAAAEWVo=',
  'two streams of xz':
    '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFZmlyc3QKAAAASSUjpAqKAooAAR4GwS+kHR+2830BAAAAAARZWv03elhaAAAE' +
    '5ta0RgIAIQEWAAAAdC/lo+AAmAAbXQAzGknq9sYlWTmmWeL17ZJx1z8d5mMRIrSkAAAAAMnxmz9WY4WBAAE3mQEAAADMwYC+' +
    'scRn+wIAAAAABFla',
  bzip2: 'QlpoOTFBWSZTWZ5+39UAACRXgAAQAAICAdwAAyQQACAAIKlQeo9IeoQAAMI1Wy7rtemsIoj4jcjCMI/F3JFOFCQnn7f1QA==',
  'two streams of bzip2':
    'QlpoOTFBWSZTWRPK/Y0AAADBgAAQASAcACAAIYAMAycu4u5IpwoSAnlfsaBCWmg5MUFZJlNZnn7f1QAAJFeAABAAAgIB3AAD' +
    'JBAAIAAgqVB6j0h6hAAAwjVbLuu16awiiPiNyMIwj8XckU4UJCeft/VA',
  compress: 'H52QZtKwYVNGjoKAAwseFEjQIMKGCxM6ZKjwYUWKEyVGhGgxI0eMGy9q7BjSo8iPGqE8mUKliBQnLVqyVAA=',
};

describe('compressors', () => {
  const shapes: Record<string, Buffer> = {
    gzip: gzipSync(content),
    'gzip of two members': Buffer.concat([gzipSync('first'), gzipSync(content)]),
    'gzip with junk behind': Buffer.concat([gzipSync(content), Buffer.from('junk junk')]),
    zlib: deflateSync(content),
    zstd: zstdCompressSync(content),
    'zstd of two frames': Buffer.concat([zstdCompressSync('first'), zstdCompressSync(content)]),
    'zstd behind a skippable frame': Buffer.concat([
      Buffer.from('502a4d180400000061626364', 'hex'),
      zstdCompressSync(content),
    ]),
    tar: Buffer.concat([tarEntry('first', Buffer.from('x')), tarEntry('a', content), Buffer.alloc(1024)]),
    'tar without end blocks': tarEntry('a', content),
    'tar with a wrong checksum': tarEntry('a', content, '0', false),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => {
      const opened = await open(bytes);
      assert.equal(
        opened.pieces.some((piece) => Buffer.from(piece.bytes).includes(content)),
        true,
      );
      assert.deepEqual(opened.causes, []);
    });
  }

  for (const [shape, text] of Object.entries(FIXTURES)) {
    it(`opens ${shape}`, async () => {
      const opened = await open(Buffer.from(text, 'base64'));
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('opens brotli when the name says so', async () => {
    assert.equal(yields(await open(brotliCompressSync(content), 'a.html.br'), MARKER), true);
  });

  it('reads gzip without trailer, with a wrong checksum and with every header field', async () => {
    const plain = gzipSync(content);
    const wrong = Buffer.from(plain);
    wrong.writeUInt32LE(7, wrong.length - 8);
    const fields = Buffer.from('1f8b081e000000000003030061626361004e006300', 'hex');
    const full = Buffer.concat([fields, plain.subarray(10)]);
    for (const bytes of [plain.subarray(0, -8), wrong, full]) {
      const opened = await open(bytes);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('reads both sizes of a tar entry whose PAX record contradicts the header', async () => {
    const pax = tarEntry('p', Buffer.from('10 size=1\n'), 'x');
    const opened = await open(Buffer.concat([pax, tarEntry('a', content)]));
    assert.equal(yields(opened, MARKER), true);
  });

  for (const [codec, bytes] of [
    ['gzip', gzipSync(Buffer.concat([content, digits(600_000)]))],
    ['zstd', zstdCompressSync(Buffer.concat([content, digits(600_000)]))],
    ['zlib', deflateSync(Buffer.concat([content, digits(600_000)]))],
  ] as const) {
    it(`keeps what a cut ${codec} stream gave and calls it malformed`, async () => {
      const opened = await open(bytes.subarray(0, 200_000));
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, ['malformed']);
    });

    it(`keeps what a damaged ${codec} stream gave`, async () => {
      const damaged = Buffer.from(bytes);
      damaged.fill(0xff, 200_000, 200_100);
      assert.equal(yields(await open(damaged), MARKER), true);
    });
  }
});

/** Text of digits in no order, the same each time: it compresses, so damage is noticed. */
function digits(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return 48 + ((state >>> 24) % 10);
    }),
  );
}

describe('compression bombs', () => {
  const flat = Buffer.alloc(26_000_000);
  const bombs: Record<string, Buffer> = {
    gzip: gzipSync(flat),
    'many gzip members': Buffer.concat(Array.from({ length: 40 }, () => gzipSync(Buffer.alloc(1_000_000)))),
    zstd: zstdCompressSync(flat),
    'more members than the limit': Buffer.concat(Array.from({ length: 5001 }, () => gzipSync(''))),
  };
  for (const [kind, bytes] of Object.entries(bombs)) {
    it(`bounds and reports ${kind}`, async () => {
      const opened = await open(bytes);
      assert.ok(opened.causes.includes('bomb'));
      assert.ok(opened.pieces.every((piece) => piece.bytes.length <= 25_000_000));
    });
  }

  it('bounds and reports a bzip2 bomb, which only 7-Zip reads', async () => {
    for (const text of Object.values(BOMB_FIXTURES)) {
      const opened = await open(Buffer.from(text, 'base64'));
      assert.ok(opened.causes.includes('bomb'));
      assert.ok(opened.pieces.every((piece) => piece.bytes.length <= 25_000_000));
    }
  });
});

/** Made once: `head -c 45000000 /dev/zero | bzip2 -9`. */
const BOMB_FIXTURES = {
  bzip2: 'QlpoOTFBWSZTWckBtsgBWKtAIMAAEAAACCAAMMwFKaZSSFJsVJIUni7kinChIZIDbZA=',
};
