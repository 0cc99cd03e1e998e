/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Section 3 of the evasion notes: archives, compressors, disk images, and files behind other files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  brotliCompressSync,
  crc32,
  deflateRawSync,
  deflateSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
} from 'node:zlib';
import { chunk, png } from '../../src/scan/unpack/png-for-test.ts';
import { buildZip, type TestEnd, type TestEntry } from '../../src/scan/unpack/zip-for-test.ts';
import { ar, cab, cpio, fixedVhd, le, lzh, rar4, rar5, szdd, TAR_END, tarEntry } from './container-bytes.ts';
import { CALM, MARKED, payload, Row, type Decoder, type Technique, type Word } from './technique.ts';

type Fixtures = Readonly<Record<string, { readonly marked: string; readonly calm: string }>>;

const FIXTURES: Fixtures = JSON.parse(
  readFileSync(join(import.meta.dirname, 'container-fixtures.json'), 'utf8'),
);

/** A container that container-fixtures.sh made. */
export function fixture(name: string): (word: Word) => Buffer {
  const pair = FIXTURES[name];
  if (pair === undefined) {
    throw new RangeError(`no fixture ${name}`);
  }
  const files = { [MARKED]: pair.marked, [CALM]: pair.calm };
  return (word) => inflateSync(Buffer.from(files[word], 'base64'));
}

const benign: TestEntry = { name: 'a.txt', content: Buffer.from('nothing to see here, move along please') };
const hidden = (word: Word): TestEntry => ({ name: 'b.txt', content: payload(word) });
const zipOf =
  (change: Partial<TestEntry>, end: TestEnd = {}) =>
  (word: Word): Buffer =>
    buildZip([benign, { ...hidden(word), ...change }], end);

/** An entry compressed by a method that `buildZip` does not write. */
function zipMethod(method: number, packed: Buffer, content: Buffer): Buffer {
  const truth = { method, packed: packed.length, size: content.length, crc: crc32(content) };
  return buildZip([{ name: 'b.txt', content: packed, method: 0, local: truth, central: truth }]);
}

function regularZips(): Technique[] {
  const row = new Row('archives', 'zip', 'every zip program, Windows Explorer');
  const ordinary = { confirmedBy: ['unzip', '7z', 'python-zip'] as const };
  return row
    .attached('deflated', 'a.zip', zipOf({}), ordinary)
    .attached('stored', 'a.zip', zipOf({ method: 0 }), ordinary)
    .attached('under another name', 'a.jpg', zipOf({}), ordinary)
    .attached('five deep', 'a.zip', (word) =>
      Array.from({ length: 4 }).reduce<Buffer>(
        (inner, _, level) => buildZip([{ name: `${level}.zip`, content: inner }]),
        zipOf({})(word),
      ),
    )
    .attached('undecodable name', 'a.zip', zipOf({ name: '\u0083\u0065\u0083\u0058.txt' })).cases;
}

function twoHeaders(): Technique[] {
  const row = new Row('archives', 'zip, directory against local header', 'readers of either header');
  const lies = { isDamaged: true };
  return row
    .attached('entry absent from the directory', 'a.zip', zipOf({ only: 'local' }), lies)
    .attached('other names', 'a.zip', zipOf({ local: { name: 'c.jpg' } }), lies)
    .attached('local stored, central deflated', 'a.zip', zipOf({ local: { method: 0 } }), lies)
    .attached('local deflated, central stored', 'a.zip', zipOf({ central: { method: 0 } }), lies)
    .attached(
      'sizes of zero',
      'a.zip',
      zipOf({ local: { packed: 0, size: 0 }, central: { packed: 0, size: 0 } }),
      lies,
    )
    .attached(
      'sizes too big',
      'a.zip',
      zipOf({ local: { packed: 9e6, size: 9e6 }, central: { packed: 9e6, size: 9e6 } }),
      lies,
    )
    .attached('wrong checksum', 'a.zip', zipOf({ local: { crc: 1 }, central: { crc: 2 } }), lies)
    .attached('encrypted flag in the directory', 'a.zip', zipOf({ central: { flags: 1 } }), lies)
    .attached('encrypted flag in the local header', 'a.zip', zipOf({ local: { flags: 1 } }), lies)
    .attached('encrypted flag in both', 'a.zip', zipOf({ local: { flags: 1 }, central: { flags: 1 } }), lies)
    .attached('method 99 in the directory', 'a.zip', zipOf({ central: { method: 99 } }), lies)
    .attached(
      'unknown method in both',
      'a.zip',
      zipOf({ local: { method: 77 }, central: { method: 77 } }),
      lies,
    ).cases;
}

function positions(): Technique[] {
  const row = new Row('archives', 'zip positions', '7-Zip, Explorer, WinRAR or unzip, each others');
  const lies = { isDamaged: true };
  return row
    .attached('no directory', 'a.zip', zipOf({}, { none: true }), lies)
    .attached(
      'end record in its comment',
      'a.zip',
      zipOf({}, { comment: 'PK\u0005\u0006'.padEnd(22, '\0') }),
      lies,
    )
    .attached('spanning mark first', 'a.zip', (word) => Buffer.concat([Buffer.from('PK00'), zipOf({})(word)]))
    .attached('wrong directory offset', 'a.zip', zipOf({}, { directoryAt: 7 }), lies)
    .attached('wrong local offset', 'a.zip', zipOf({ central: { offset: 5 } }), lies)
    .attached('count of zero', 'a.zip', zipOf({}, { entries: 0 }), lies)
    .attached('disk number one', 'a.zip', zipOf({}, { disk: 1 }), lies)
    .attached('junk before', 'a.zip', (word) => Buffer.concat([Buffer.alloc(70_000, 'x'), zipOf({})(word)]))
    .attached('junk behind', 'a.zip', (word) => Buffer.concat([zipOf({})(word), Buffer.alloc(70_000, 'x')]))
    .attached('name ends in a slash', 'a.zip', zipOf({ name: 'dir/' }), lies)
    .attached('the same name twice', 'a.zip', zipOf({ name: 'a.txt' }))
    .attached(
      'local signature destroyed',
      'a.zip',
      (word) => {
        const bytes = buildZip([hidden(word)]);
        bytes.write('XX');
        return bytes;
      },
      lies,
    ).cases;
}

function concatenated(): Technique[] {
  const good = buildZip([benign]);
  const bad = (word: Word): Buffer => buildZip([hidden(word)]);
  const row = new Row(
    'archives',
    'concatenated zips',
    'unzip, Explorer and WinRAR the last, 7-Zip the first',
  );
  return row
    .attached('good, bad', 'a.zip', (word) => Buffer.concat([good, bad(word)]), {
      confirmedBy: ['python-zip'],
    })
    .attached('bad, good', 'a.zip', (word) => Buffer.concat([bad(word), good]), { confirmedBy: ['7z'] })
    .attached('good, bad, good', 'a.zip', (word) => Buffer.concat([good, bad(word), good])).cases;
}

function methods(): Technique[] {
  const row = new Row('archives', 'zip methods', '7-Zip and WinZip; Windows 11 the newer ones');
  const seven = { confirmedBy: ['7z'] as const };
  return row
    .attached('deflate64', 'a.zip', fixture('zip-deflate64.zip'), seven)
    .attached('bzip2', 'a.zip', fixture('zip-bzip2.zip'), { confirmedBy: ['7z', 'python-zip'] })
    .attached('LZMA', 'a.zip', fixture('zip-lzma.zip'), { confirmedBy: ['7z', 'python-zip'] })
    .attached('PPMd', 'a.zip', fixture('zip-ppmd.zip'), seven)
    .attached(
      'Zstandard',
      'a.zip',
      (word) => zipMethod(93, zstdCompressSync(payload(word)), payload(word)),
      seven,
    )
    .attached('xz', 'a.zip', (word) => zipMethod(95, fixture('a.xz')(word), fixtureText(word)), seven).cases;
}

/** What container-fixtures.sh puts into its containers. */
function fixtureText(word: Word): Buffer {
  return Buffer.from(`harmless ${word} in a container\n`.repeat(20));
}

function gzips(): Technique[] {
  const row = new Row('archives', 'gzip', 'gzip, 7-Zip, tar and browsers');
  const plain = (word: Word): Buffer => gzipSync(payload(word));
  const python = { confirmedBy: ['7z'] as const };
  const wrongSum = (word: Word): Buffer => {
    const bytes = plain(word);
    bytes.writeUInt32LE(7, bytes.length - 8);
    return bytes;
  };
  const allFields = Buffer.from('1f8b081e000000000003030061626361004e006300', 'hex');
  /** `extra`: what stands in the extra field of an empty file. */
  const withExtra = (extra: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from('1f8b0804000000000003', 'hex'),
      le(extra.length, 2),
      extra,
      gzipSync('').subarray(10),
    ]);
  return row
    .attached('one member', 'a.gz', plain, python)
    .attached('second member', 'a.gz', (word) => Buffer.concat([gzipSync('first'), plain(word)]), python)
    .attached('every header field', 'a.gz', (word) => Buffer.concat([allFields, plain(word).subarray(10)]))
    .attached('in the extra field of another', 'a.gz', (word) => withExtra(plain(word)))
    .attached('no trailer', 'a.gz', (word) => plain(word).subarray(0, -8), { isDamaged: true })
    .attached('wrong checksum', 'a.gz', wrongSum, { isDamaged: true })
    .attached('junk behind', 'a.gz', (word) => Buffer.concat([plain(word), Buffer.from('junk junk')]))
    .attached('zeros between members', 'a.gz', (word) =>
      Buffer.concat([gzipSync('first'), Buffer.alloc(512), plain(word)]),
    )
    .attached('other data between members', 'a.gz', (word) =>
      Buffer.concat([gzipSync('first'), Buffer.from('junk junk'), plain(word)]),
    )
    .attached('zlib without a name', 'a.bin', (word) => deflateSync(payload(word)), {
      confirmedBy: ['python-codec'],
    }).cases;
}

function codecs(): Technique[] {
  const row = new Row('archives', 'other compressors', 'Windows 11, 7-Zip, unar, lzip, lz4, zstd');
  const brotli = (word: Word): Buffer => brotliCompressSync(payload(word));
  const frames = (word: Word): Buffer =>
    Buffer.concat([zstdCompressSync('first'), zstdCompressSync(payload(word))]);
  return row
    .attached('bzip2', 'a.bz2', fixture('a.bz2'), { confirmedBy: ['7z', 'python-codec'] })
    .attached('bzip2, second stream', 'a.bz2', fixture('second-stream.bz2'), {
      confirmedBy: ['python-codec'],
    })
    .attached('xz', 'a.xz', fixture('a.xz'), { confirmedBy: ['7z', 'python-codec'] })
    .attached('xz, second stream', 'a.xz', fixture('second-stream.xz'), { confirmedBy: ['python-codec'] })
    .attached('raw lzma', 'a.lzma', fixture('a.lzma'), { confirmedBy: ['7z', 'python-codec'] })
    .attached('lzip', 'a.lz', fixture('a.lz'), { confirmedBy: ['lzip'] })
    .attached('lz4', 'a.lz4', fixture('a.lz4'), { confirmedBy: ['lz4'] })
    .attached('compress', 'a.Z', fixture('a.Z'), { confirmedBy: ['7z', 'uncompress'] })
    .attached('compress, bytes behind', 'a.Z', (word) =>
      Buffer.concat([fixture('a.Z')(word), Buffer.alloc(64, 0xff)]),
    )
    .attached('Zstandard', 'a.zst', (word) => zstdCompressSync(payload(word)), {
      confirmedBy: ['zstd', '7z'],
    })
    .attached('Zstandard, second frame', 'a.zst', frames, { confirmedBy: ['zstd'] })
    .attached('brotli', 'a.html.br', brotli)
    .attached('brotli without a name for it', 'a.dat', brotli).cases;
}

function sevenZips(): Technique[] {
  const row = new Row('archives', '7z', '7-Zip, Windows 11');
  for (const name of ['7z-lzma2', '7z-lzma', '7z-bzip2', '7z-deflate', '7z-ppmd', '7z-packed-header']) {
    row.attached(name, 'a.7z', fixture(`${name}.7z`), { confirmedBy: ['7z'] });
  }
  const behind = (word: Word): Buffer =>
    Buffer.concat([Buffer.from('MZ'), Buffer.alloc(3000, 1), fixture('7z-lzma2.7z')(word)]);
  return row.attached('self-extractor', 'setup.bin', behind).cases;
}

function rars(): Technique[] {
  const row = new Row('archives', 'RAR', 'WinRAR, 7-Zip, Windows 11');
  const seven = { confirmedBy: ['7z'] as const };
  const gif = Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(500, 3)]);
  return row
    .attached('version 4', 'a.rar', (word) => rar4(deflateSync(payload(word)), 'a.z'))
    .attached('version 4, plain', 'a.rar', (word) => rar4(payload(word)), seven)
    .attached('version 5', 'a.rar', (word) => rar5(payload(word)), seven)
    .attached('zip inside', 'a.rar', (word) => rar5(zipOf({})(word), 'a.zip'))
    .attached('behind a GIF', 'a.gif', (word) => Buffer.concat([gif, rar5(zipOf({})(word), 'a.zip')])).cases;
}

function tars(): Technique[] {
  const row = new Row('archives', 'tar', 'tar, 7-Zip, Windows 11');
  const file = (word: Word): Buffer => tarEntry('a.txt', payload(word));
  const pax = tarEntry('p', Buffer.from('10 size=1\n'), 'x');
  const longName = tarEntry('././@LongLink', Buffer.from(`${'n'.repeat(200)}\0`), 'L');
  const confirmed = { confirmedBy: ['tar', '7z'] as const };
  return row
    .attached('ustar', 'a.tar', (word) => Buffer.concat([file(word), TAR_END]), confirmed)
    .attached('gzipped', 'a.tgz', (word) => gzipSync(Buffer.concat([file(word), TAR_END])), {
      confirmedBy: ['tar'],
    })
    .attached('in xz', 'a.tar.xz', fixture('a.tar.xz'), { confirmedBy: ['tar'] })
    .attached('long name', 'a.tgz', (word) => gzipSync(Buffer.concat([longName, file(word), TAR_END])), {
      confirmedBy: ['tar'],
    })
    .attached('no end blocks', 'a.tgz', (word) => gzipSync(file(word)), { confirmedBy: ['tar'] })
    .attached(
      'wrong checksum',
      'a.tgz',
      (word) => gzipSync(tarEntry('a', gzipSync(payload(word)), '0', false)),
      {
        isDamaged: true,
      },
    )
    .attached(
      'two sizes',
      'a.tgz',
      (word) => gzipSync(Buffer.concat([pax, tarEntry('a', payload(word)), TAR_END])),
      {
        isDamaged: true,
      },
    ).cases;
}

function otherArchives(): Technique[] {
  const row = new Row(
    'archives',
    'cab, cpio, ar, deb, rpm, szdd, arj, lha',
    '7-Zip, their own programs, expand.exe',
  );
  const packed =
    (build: (content: Buffer) => Buffer) =>
    (word: Word): Buffer =>
      build(zipOf({})(word));
  const plain =
    (build: (content: Buffer) => Buffer) =>
    (word: Word): Buffer =>
      build(payload(word));
  const seven: { confirmedBy: readonly Decoder[] } = { confirmedBy: ['7z'] };
  return row
    .attached('cab', 'a.cab', plain(cab), { confirmedBy: ['cabextract', '7z'] })
    .attached('zip in cab', 'a.cab', packed(cab))
    .attached('zip in cpio', 'a.cpio', packed(cpio))
    .attached('cpio', 'a.cpio', plain(cpio), seven)
    .attached('ar', 'a.a', plain(ar), seven)
    .attached('zip in ar', 'a.a', packed(ar))
    .attached('szdd', 'a.ex_', plain(szdd), seven)
    .attached('lha', 'a.lzh', plain(lzh), { confirmedBy: ['lhasa', '7z'] })
    .attached('zip in lha', 'a.lzh', packed(lzh))
    .attached('arj', 'a.arj', fixture('a.arj'), { confirmedBy: ['arj', '7z'] })
    .attached('arj behind a program', 'setup.bin', (word) =>
      Buffer.concat([
        Buffer.from('MZ'),
        Buffer.alloc(3000, Buffer.from([0x60, 0xea, 40, 0, 30, 1])),
        fixture('a.arj')(word),
      ]),
    )
    .attached('deb', 'a.deb', fixture('a.deb'))
    .attached('rpm', 'a.rpm', fixture('a.rpm')).cases;
}

function images(): Technique[] {
  const row = new Row('archives', 'disk images', 'Windows and macOS mount them; 7-Zip');
  const seven = { confirmedBy: ['7z'] as const };
  const inZip = (word: Word): Buffer => buildZip([{ name: 'a.iso', content: fixture('iso9660.iso')(word) }]);
  return row
    .attached('ISO 9660', 'a.iso', fixture('iso9660.iso'), seven)
    .attached('file in the Joliet tree only', 'a.iso', fixture('joliet-only.iso'), seven)
    .attached('UDF', 'a.udf', fixture('udf.iso'), seven)
    .attached('FAT', 'a.img', fixture('fat.img'), seven)
    .attached('fixed VHD', 'a.vhd', (word) => fixedVhd(fixture('fat.img')(word)))
    .attached('WIM', 'a.wim', fixture('a.wim'), seven)
    .attached('ISO in zip', 'a.zip', inZip).cases;
}

function polyglots(): Technique[] {
  const row = new Row('archives', 'polyglots', 'whatever program the name or the user chooses');
  const zip = zipOf({});
  const fronts: readonly (readonly [string, string, Buffer])[] = [
    ['PNG', 'a.png', Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(300, 7)])],
    ['GIF', 'a.gif', Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(300, 7)])],
    [
      'PDF',
      'a.pdf',
      Buffer.from('%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n'),
    ],
    ['HTML', 'a.html', Buffer.from(`<html><body><p>${'hello '.repeat(40)}</p></body></html>`)],
    ['JPEG', 'a.jpg', Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), Buffer.alloc(300, 7)])],
  ];
  for (const [name, file, front] of fronts) {
    row.attached(`zip behind ${name}`, file, (word) => Buffer.concat([front, zip(word)]), {
      confirmedBy: ['python-zip'],
    });
  }
  return row
    .attached('gzip behind junk', 'a.bin', (word) =>
      Buffer.concat([Buffer.alloc(500, 5), gzipSync(payload(word))]),
    )
    .attached('deflated in a Symbian package', 'a.sis', (word) =>
      Buffer.concat([Buffer.alloc(8), le(0x1000_0419, 4), Buffer.alloc(88), deflateSync(payload(word))]),
    )
    .attached('InstallShield cabinet', 'setup.bin', (word) => {
      const data = deflateRawSync(payload(word));
      const head = [Buffer.from('ISc('), le(0x01009500, 4), Buffer.alloc(12), le(64, 4), Buffer.alloc(40)];
      return Buffer.concat([
        Buffer.from('MZ'),
        Buffer.alloc(700, 1),
        ...head,
        le(data.length, 2),
        data,
        le(0, 2),
      ]);
    }).cases;
}

function pictures(): Technique[] {
  const row = new Row(
    'archives',
    'pictures',
    'scripts and programs that fetch their next part from a picture',
  );
  const packed = (word: Word): Buffer => deflateSync(payload(word));
  const text = (type: string, front: string) => (word: Word) =>
    png(chunk(type, Buffer.concat([Buffer.from(`Comment\0${front}`, 'latin1'), packed(word)])));
  return row
    .attached('compressed text', 'a.png', text('zTXt', '\0'))
    .attached('compressed international text', 'a.png', text('iTXt', '\u0001\0en\0word\0'))
    .attached('colour profile', 'a.png', text('iCCP', '\0'))
    .attached('a file instead of pixels', 'a.png', (word) =>
      png(chunk('IDAT', deflateSync(Buffer.concat([Buffer.alloc(1), payload(word)])))),
    ).cases;
}

/** Every case of section 3. */
export function archiveTechniques(): Technique[] {
  return [
    ...regularZips(),
    ...twoHeaders(),
    ...positions(),
    ...concatenated(),
    ...methods(),
    ...gzips(),
    ...codecs(),
    ...sevenZips(),
    ...rars(),
    ...tars(),
    ...otherArchives(),
    ...images(),
    ...polyglots(),
    ...pictures(),
  ];
}
