import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mimeEvasions } from '../corpus/mime-evasions.ts';
import { MARKED, type Decoder } from '../corpus/technique.ts';
import { techniques } from '../corpus/techniques.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

const PYTHON_ZIP = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
  for name in z.namelist(): sys.stdout.buffer.write(z.read(name))`;
const PYTHON_CODEC = `import sys, bz2, lzma, zlib
data = open(sys.argv[1], 'rb').read()
for decode in (bz2.decompress, lzma.decompress, zlib.decompress):
  try: sys.stdout.buffer.write(decode(data))
  except Exception: pass`;
/** `cms -verify` wants a signer, whom a message with content for everybody need not have; the dump has the content. */
const OPENSSL_CMS = `import re, subprocess, sys
command = ['openssl', 'cms', '-cmsout', '-print', '-inform', 'DER', '-in', sys.argv[1]]
dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
rows = re.findall(r'^ +[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -])+)', dump, re.M)
sys.stdout.buffer.write(bytes.fromhex(re.sub('[ -]', '', ''.join(rows))))`;
const PYTHON_MAIL = `import sys, email
message = email.message_from_binary_file(open(sys.argv[1], 'rb'))
for part in message.walk():
  body = part.get_payload(decode=True)
  if body is not None: sys.stdout.buffer.write(body)`;

/** A command that writes what is inside a file to standard output, or into the folder where it runs. */
type Command = (file: string) => readonly string[];

const COMMANDS: Readonly<Record<Decoder, Command>> = {
  '7z': (file) => ['7z', 'x', '-so', '-y', file],
  unzip: (file) => ['unzip', '-p', file],
  'python-zip': (file) => ['python3', '-c', PYTHON_ZIP, file],
  'python-codec': (file) => ['python3', '-c', PYTHON_CODEC, file],
  tar: (file) => ['tar', '-xOf', file],
  lzip: (file) => ['lzip', '-dc', file],
  lz4: (file) => ['lz4', '-dc', file],
  zstd: (file) => ['zstd', '-dc', file],
  uncompress: (file) => ['gzip', '-dc', file],
  cabextract: (file) => ['cabextract', '-p', file],
  lhasa: (file) => ['lha', '-pq', file],
  arj: (file) => ['arj', 'p', file],
  gpg: (file) => ['gpg', '--batch', '--homedir', '.', '-o', '-', '-d', file],
  openssl: (file) => ['python3', '-c', OPENSSL_CMS, file],
  qpdf: (file) => ['qpdf', '--stream-data=uncompress', '--decrypt', file, '-'],
};

const MAIL_READERS: Readonly<Record<string, Command>> = {
  'python email': (file) => ['python3', '-c', PYTHON_MAIL, file],
  munpack: (file) => ['munpack', '-t', '-f', '-q', file],
};

describe('independent decoders confirm the corpus', () => {
  const cleanup = new Cleanup();
  let folder = '';
  let inside = '';

  before(async () => {
    folder = await scratchFolder('decoders');
    inside = join(folder, 'out');
    cleanup.add(() => removeFolder(folder));
  });
  after(() => cleanup.run());

  /** What a program gets out of `bytes`, on standard output or as files. */
  function decode(command: Command, fileName: string, bytes: Buffer): Buffer {
    rmSync(inside, { recursive: true, force: true });
    mkdirSync(inside, { mode: 0o700 });
    const file = join(folder, fileName);
    writeFileSync(file, bytes);
    const [program = '', ...args] = command(file);
    const result = spawnSync(program, args, {
      cwd: inside,
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    assert.ok(result.error === undefined, `${program}: ${result.error?.message}`);
    const entries = readdirSync(inside, { withFileTypes: true, recursive: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    return Buffer.concat([result.stdout, ...files.map((path) => readFileSync(path))]);
  }

  for (const { section, row, name, file, confirmedBy } of techniques()) {
    for (const decoder of file === undefined ? [] : confirmedBy) {
      it(`${decoder} opens ${section}: ${row}: ${name}`, () => {
        assert.ok(file !== undefined);
        const extension = /gz|bz2|xz|lzma|zst|Z$/u.test(name) ? '' : '.bin';
        const decoded = decode(COMMANDS[decoder], `case${extension}`, file(MARKED));
        assert.ok(
          decoded.includes(MARKED) || base64Of(decoded).includes(MARKED),
          decoded.subarray(0, 200).toString('latin1'),
        );
      });
    }
  }

  it('a real mail reader gets the marker out of some case of most rows of MIME tricks', (t) => {
    const rows = Map.groupBy(mimeEvasions(), ({ row }) => row);
    const read: string[] = [];
    for (const [row, cases] of rows) {
      const counts = Object.entries(MAIL_READERS).map(([reader, command]) => {
        const opened = cases.filter(({ message }) => decode(command, 'case.eml', message).includes(MARKED));
        return `${reader} ${opened.length}`;
      });
      t.diagnostic(`${row.padEnd(26)} ${cases.length} cases: ${counts.join(', ')}`);
      read.push(...(counts.every((count) => count.endsWith(' 0')) ? [] : [row]));
    }
    assert.ok(read.length >= 7, read.join(', '));
  });
});

/** The body of the MIME entity that an S/MIME envelope holds. */
function base64Of(text: Buffer): Buffer {
  const body = text
    .toString('latin1')
    .split(/\r?\n\r?\n/u)
    .slice(1)
    .join('');
  return Buffer.from(body.replaceAll(/\s/gu, ''), 'base64');
}
