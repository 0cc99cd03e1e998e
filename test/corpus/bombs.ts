/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Section 6.1 of the evasion notes: input that wants more time or memory than it is worth. Made when asked for. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { buildOle } from '../../src/scan/unpack/ole-for-test.ts';
import { buildZip, overlappingZip } from '../../src/scan/unpack/zip-for-test.ts';
import { tarEntry } from './container-bytes.ts';
import { mailWith, plainMail } from './technique.ts';

export interface Bomb {
  readonly kind: string;
  readonly name: string;
  readonly make: () => Buffer;
  /** `bounded`: harmless when read with care, so any verdict in time will do. `blocked`: must not pass. */
  readonly must: 'blocked' | 'bounded';
}

/** Above the limit of one object. */
const ZEROS = 27_000_000;

/** Made once: `head -c 45000000 /dev/zero | bzip2 -9`. */
const BZIP2 = Buffer.from('QlpoOTFBWSZTWckBtsgBWKtAIMAAEAAACCAAMMwFKaZSSFJsVJIUni7kinChIZIDbZA=', 'base64');

function nestedZip(levels: number): Buffer {
  let inner = buildZip([{ name: 'a', content: Buffer.from('x') }]);
  for (let level = 0; level < levels; level += 1) {
    inner = buildZip([{ name: `${level}.zip`, content: inner }]);
  }
  return inner;
}

/** Each level holds four different archives of the level below. */
function treeZip(levels: number, salt = ''): Buffer {
  if (levels === 0) {
    return buildZip([{ name: 'a', content: Buffer.concat([Buffer.from(salt), Buffer.alloc(3_000_000)]) }]);
  }
  const width = 4;
  return buildZip(
    Array.from({ length: width }, (_, i) => ({
      name: `${i}.zip`,
      content: treeZip(levels - 1, `${salt}${i}`),
    })),
  );
}

export function archiveBombs(): Bomb[] {
  const zeros = (): Buffer => Buffer.alloc(ZEROS);
  const file = (kind: string, name: string, fileName: string, make: () => Buffer): Bomb => ({
    kind,
    name,
    make: () => mailWith(fileName, make()),
    must: 'blocked',
  });
  return [
    file('overlap zip', '400 entries of one kernel', 'a.zip', () => overlappingZip(400)),
    file('overlap zip', '300 names of one entry', 'a.zip', () =>
      buildZip([
        { name: 'a', content: Buffer.alloc(1_000_000) },
        ...Array.from({ length: 300 }, (_, i) => ({
          name: `${i}`,
          content: Buffer.alloc(1_000_000),
          only: 'central' as const,
          central: { offset: 0 },
        })),
      ]),
    ),
    file('nested', 'zip in zip, 60 deep', 'a.zip', () => nestedZip(60)),
    file('nested', 'tree of zips', 'a.zip', () => treeZip(4)),
    file('nested', 'gzip in gzip, 60 deep', 'a.gz', () =>
      Array.from({ length: 60 }).reduce<Buffer>((inner) => gzipSync(inner), Buffer.from('x')),
    ),
    file('flat', 'zip', 'a.zip', () => buildZip([{ name: 'a', content: zeros() }])),
    file('flat', 'zip with sizes of zero', 'a.zip', () =>
      buildZip([{ name: 'a', content: zeros(), local: { size: 0 }, central: { size: 0 } }]),
    ),
    file('flat', 'gzip', 'a.gz', () => gzipSync(zeros())),
    file('flat', 'zlib', 'a.z', () => deflateSync(zeros())),
    file('flat', 'Zstandard', 'a.zst', () => zstdCompressSync(zeros())),
    file('flat', 'brotli', 'a.br', () => brotliCompressSync(zeros())),
    file('flat', 'bzip2', 'a.bz2', () => BZIP2),
    file('members', 'gzip', 'a.gz', () =>
      Buffer.concat(Array.from({ length: 80 }, () => gzipSync(Buffer.alloc(1_000_000)))),
    ),
    file('members', 'Zstandard', 'a.zst', () =>
      Buffer.concat(Array.from({ length: 80 }, () => zstdCompressSync(Buffer.alloc(1_000_000)))),
    ),
    file('members', 'bzip2', 'a.bz2', () => Buffer.concat(Array.from({ length: 50 }, () => BZIP2))),
    file('members', 'twelve flat entries', 'a.zip', () =>
      buildZip(
        Array.from({ length: 12 }, (_, i) => ({ name: `${i}`, content: Buffer.alloc(14_000_000, i) })),
      ),
    ),
    file('entries', 'zip of 12 000', 'a.zip', () =>
      buildZip(Array.from({ length: 12_000 }, (_, i) => ({ name: `${i}`, content: Buffer.from(`n${i}`) }))),
    ),
    file('entries', 'tar of 12 000', 'a.tgz', () =>
      gzipSync(
        Buffer.concat(Array.from({ length: 12_000 }, (_, i) => tarEntry(`${i}`, Buffer.from(`n${i}`)))),
      ),
    ),
    file('documents', 'Flate in Flate', 'a.pdf', () =>
      pdfOf('[/FlateDecode /FlateDecode]', deflateSync(deflateSync(zeros()))),
    ),
    file('documents', 'filter chain of twenty', 'a.pdf', () =>
      pdfOf(`[${'/ASCIIHexDecode '.repeat(20)}]`, Buffer.from('41>')),
    ),
    file('documents', 'filter chain behind blanks', 'a.pdf', () =>
      pdfOf(`[${' '.repeat(600)}${'/ASCIIHexDecode '.repeat(40)}]`, Buffer.from('41>')),
    ),
  ];
}

function pdfOf(filter: string, data: Buffer): Buffer {
  const head = `%PDF-1.7\n1 0 obj\n<< /Filter ${filter} /Length ${data.length} >>\nstream\n`;
  return Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream\nendobj\n')]);
}

export function mimeBombs(): Bomb[] {
  const bomb = (kind: string, name: string, make: () => Buffer): Bomb => ({
    kind,
    name,
    make,
    must: 'blocked',
  });
  const mixed = 'Content-Type: multipart/mixed; boundary=b';
  const part = (i: number): string => `--b\r\nContent-Type: text/plain\r\n\r\nnote ${i}\r\n`;
  const deep = (levels: number): string => {
    let text = '';
    for (let level = 0; level < levels; level += 1) {
      text += `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`;
    }
    return text;
  };
  return [
    bomb('MIME size', '20 000 parts', () =>
      plainMail(mixed, Array.from({ length: 20_000 }, (_, i) => part(i)).join('')),
    ),
    bomb('MIME size', 'multiparts 5000 deep', () => plainMail(mixed, `--b\r\n${deep(5000)}`)),
    bomb('MIME size', 'messages 5000 deep', () =>
      plainMail('Content-Type: message/rfc822', 'Content-Type: message/rfc822\r\n\r\n'.repeat(5000)),
    ),
    bomb('headers', '50 000 fields', () =>
      plainMail(
        `${Array.from({ length: 50_000 }, (_, i) => `X-${i}: y`).join('\r\n')}\r\nContent-Type: text/plain`,
        'x',
      ),
    ),
    bomb('headers', 'a field of 3 MB', () =>
      plainMail(`X-A: ${'a'.repeat(3_000_000)}\r\nContent-Type: text/plain`, 'x'),
    ),
    bomb('headers', '100 000 folds', () =>
      plainMail(`X-A: a${'\r\n a'.repeat(100_000)}\r\nContent-Type: text/plain`, 'x'),
    ),
    bomb('size', 'larger than the limit', () =>
      plainMail('Content-Type: text/plain', Buffer.alloc(51 * 1024 * 1024, 'x')),
    ),
  ];
}

/** Slow for careless readers; a careful one reads them in time and may call them clean. */
export function slowInput(): Bomb[] {
  const bounded = (kind: string, name: string, make: () => Buffer): Bomb => ({
    kind,
    name,
    make,
    must: 'bounded',
  });
  const text = (body: string): Buffer => plainMail('Content-Type: text/plain', body);
  const page = (body: string): Buffer => plainMail('Content-Type: text/html', body);
  const dashes = `${'-'.repeat(70)}\r\n`.repeat(20_000);
  const ole = (): Buffer => {
    const looped = buildOle([{ name: 'big', bytes: Buffer.alloc(6000, 'x') }]);
    looped.fill(0, looped.length - 512); // every sector is followed by sector 0
    return mailWith('a.doc', looped);
  };
  const base64 = Buffer.alloc(600_000, 'a').toString('base64').replace(/(.)/g, '$1\r\n');
  return [
    bounded('encodings', 'one base64 character a line', () =>
      plainMail('Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64', base64),
    ),
    bounded('encodings', 'soft breaks only', () =>
      plainMail(
        'Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable',
        '=\r\n'.repeat(700_000),
      ),
    ),
    bounded('boundaries', 'empty boundary, dashes', () =>
      plainMail('Content-Type: multipart/mixed; boundary=""', dashes),
    ),
    bounded('boundaries', 'all dashes', () =>
      plainMail(`Content-Type: multipart/mixed; boundary="${'-'.repeat(60)}"`, dashes),
    ),
    bounded('views', 'many fields and boundaries', () =>
      plainMail(
        Array.from(
          { length: 100 },
          (_, i) =>
            `Content-Type: multipart/mixed; boundary=${'b'.repeat((i % 60) + 1)}\r\nContent-Transfer-Encoding: ${i % 2 === 0 ? 'base64' : 'quoted-printable'}`,
        ).join('\r\n'),
        `--${'b'.repeat(30)}\r\n\r\nUE9T\r\n`.repeat(500),
      ),
    ),
    bounded('headers', '30 000 encoded words', () =>
      plainMail(`Subject: ${'=?utf-8?b?eA==?= '.repeat(12_000)}\r\nContent-Type: text/plain`, 'x'),
    ),
    bounded('headers', 'nested address groups', () =>
      plainMail(`Cc: ${'a:'.repeat(60_000)}\r\nContent-Type: text/plain`, 'x'),
    ),
    bounded('headers', 'segments of a parameter', () =>
      plainMail(
        `Content-Type: multipart/mixed; ${Array.from({ length: 9000 }, (_, i) => `boundary*${i}=b`).join('; ')}`,
        '--b\r\n\r\nx\r\n',
      ),
    ),
    bounded('HTML and text', 'deep tags', () => page('<div><table><tr><td>'.repeat(60_000))),
    bounded('HTML and text', 'endless links', () => text('http://a.'.repeat(200_000))),
    bounded('HTML and text', 'comments never closed', () => page('<!--'.repeat(300_000))),
    bounded('documents', 'sector chain that loops', ole),
    bounded('documents', 'XML entities', () =>
      mailWith(
        'a.xml',
        Buffer.from(
          `<!DOCTYPE a [${Array.from({ length: 40 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join('')}]><a>&e40;</a>`,
        ),
      ),
    ),
    bounded('documents', '3000 streams', () =>
      mailWith(
        'a.pdf',
        Buffer.concat([
          Buffer.from('%PDF-1.7\n'),
          ...Array.from({ length: 3000 }, () =>
            pdfOf('/FlateDecode', deflateSync('BT (text) Tj ET')).subarray(9),
          ),
        ]),
      ),
    ),
    bounded('patterns', '2 MB of a', () => text('a'.repeat(2_000_000))),
    bounded('patterns', '2 MB of digits', () => text('0123456789'.repeat(200_000))),
  ];
}

export function bombs(): Bomb[] {
  return [...archiveBombs(), ...mimeBombs(), ...slowInput()];
}
