import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createUnpackers } from './index.ts';
import { MarkIndex } from './mark-search.ts';
import { openAll, yields } from './open-all.ts';
import { SevenZip } from './seven-zip.ts';
import type { Unpacker } from './unpacker.ts';
import { buildZip, overlappingZip, type TestEntry } from './zip-for-test.ts';
import { createZipUnpacker } from './zip.ts';

const MARKER = 'POSTERN-TEST';
const content = Buffer.from(`${'some filler. '.repeat(20)}${MARKER}`);
const benign: TestEntry = { name: 'a.txt', content: Buffer.from('nothing to see here, move along please') };
const hidden: TestEntry = { name: 'b.txt', content };
const unpackers = createUnpackers();

function createZip(): Unpacker {
  return createZipUnpacker(new SevenZip(), new MarkIndex());
}

async function finds(bytes: Buffer): Promise<boolean> {
  const opened = await openAll(bytes, { unpackers });
  return opened.pieces.some((piece) => Buffer.from(piece.bytes).equals(content));
}

describe('zip', () => {
  const good = buildZip([benign, hidden]);
  const badFirst = buildZip([hidden]);
  const shapes: Record<string, Buffer> = {
    'a regular archive': good,
    'a stored entry': buildZip([{ ...hidden, method: 0 }]),
    'a local entry absent from the directory': buildZip([benign, { ...hidden, only: 'local' }]),
    'no directory at all': buildZip([benign, hidden], { none: true }),
    'junk before': Buffer.concat([Buffer.alloc(70_000, 'x'), good]),
    'junk after': Buffer.concat([good, Buffer.alloc(70_000, 'x')]),
    'bad then benign, concatenated': Buffer.concat([badFirst, buildZip([benign])]),
    'benign then bad, concatenated': Buffer.concat([buildZip([benign]), badFirst]),
    'three archives in a row': Buffer.concat([buildZip([benign]), badFirst, buildZip([benign])]),
    'local method stored, central deflate': buildZip([{ ...hidden, local: { method: 0 } }]),
    'local method deflate, central stored': buildZip([{ ...hidden, central: { method: 0 } }]),
    'encrypted flag in the directory only': buildZip([{ ...hidden, central: { flags: 1 } }]),
    'encrypted flag in the local header only': buildZip([{ ...hidden, local: { flags: 1 } }]),
    'encrypted flag in both headers of a plain entry': buildZip([
      { ...hidden, local: { flags: 1 }, central: { flags: 1 } },
    ]),
    'method 99 in the directory': buildZip([{ ...hidden, central: { method: 99 } }]),
    'an unknown method in both headers': buildZip([
      { ...hidden, local: { method: 77 }, central: { method: 77 } },
    ]),
    'sizes of zero': buildZip([
      { ...hidden, local: { packed: 0, size: 0 }, central: { packed: 0, size: 0 } },
    ]),
    'sizes too big': buildZip([
      { ...hidden, local: { packed: 9e6, size: 9e6 }, central: { packed: 9e6, size: 9e6 } },
    ]),
    'sizes too big on stored data': buildZip([
      { ...hidden, method: 0, local: { packed: 9e6, size: 9e6 }, central: { packed: 9e6, size: 9e6 } },
    ]),
    'stored in both headers of deflated data': buildZip([
      { ...hidden, local: { method: 0 }, central: { method: 0 } },
    ]),
    'a wrong checksum': buildZip([{ ...hidden, local: { crc: 1 }, central: { crc: 2 } }]),
    'an entry count of zero': buildZip([benign, hidden], { entries: 0 }),
    'disk number one': buildZip([benign, hidden], { disk: 1 }),
    'a wrong directory offset': buildZip([benign, hidden], { directoryAt: 7 }),
    'wrong local offsets': buildZip([{ ...hidden, central: { offset: 5 } }]),
    'a name that ends in a slash': buildZip([{ ...hidden, name: 'dir/' }]),
    'duplicate names': buildZip([
      { ...benign, name: 'x' },
      { ...hidden, name: 'x' },
    ]),
    'different names': buildZip([{ ...hidden, local: { name: 'c.jpg' } }]),
    'a spanning mark first': Buffer.concat([Buffer.from('PK00'), good]),
    'an end record in the comment': buildZip([benign, hidden], {
      comment: 'PK\u0005\u0006'.padEnd(22, '\0'),
    }),
    'an archive in an archive': buildZip([{ name: 'in.zip', content: good, method: 0 }]),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => assert.equal(await finds(bytes), true));
  }

  it('finds an entry whose local signature was destroyed', async () => {
    const broken = Buffer.from(badFirst);
    broken.write('XX', 0);
    assert.equal(await finds(broken), true);
  });

  it('says nothing about regular archives, nested and empty ones included', async () => {
    const empty: TestEntry = { name: 'dir/', content: Buffer.alloc(0), method: 0 };
    const nested = buildZip([empty, { name: 'in.zip', content: good, method: 0 }, benign]);
    for (const bytes of [good, nested, buildZip([])]) {
      assert.deepEqual((await openAll(bytes, { unpackers })).causes, []);
    }
  });

  it('reads shared memory', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(good.length));
    shared.set(good);
    assert.equal(yields(await openAll(shared, { unpackers }), MARKER), true);
  });

  it('calls a cut entry malformed and keeps what it gave', async () => {
    const long = Buffer.from(`${MARKER}${Array.from({ length: 5000 }, (_, i) => i).join()}`);
    const opened = await openAll(buildZip([{ name: 'a', content: long }]).subarray(0, 4000), { unpackers });
    assert.equal(yields(opened, MARKER), true);
    assert.deepEqual(opened.causes, ['malformed']);
  });

  it('finds an archive in the extra field of an entry', async () => {
    const inner = buildZip([hidden]);
    const extra = Buffer.concat([Buffer.from([0xfe, 0xca, inner.length & 255, inner.length >> 8]), inner]);
    const head = Buffer.from(buildZip([benign]).subarray(0, 30 + benign.name.length));
    head.writeUInt16LE(extra.length, 28);
    const rest = buildZip([benign]).subarray(head.length);
    assert.equal(await finds(Buffer.concat([head, extra, rest])), true);
  });

  it('blames no archive that a compound file, a database or a disk image keeps in parts', async () => {
    const content = Buffer.from(Array.from({ length: 5000 }, (_, i) => i * i).join());
    const archive = buildZip([{ name: 'a', content }]);
    const middle = archive.length >> 1;
    const parts = [archive.subarray(0, middle), Buffer.alloc(1024, 0xff), archive.subarray(middle)];
    const boot = Buffer.alloc(512);
    boot.set([0xeb, 0x3c, 0x90]);
    boot.writeUInt16LE(0xaa55, 510);
    for (const [first, causes] of [
      [Buffer.from('SQLite format 3\0'), []],
      [boot, []],
      [Buffer.alloc(0), ['malformed']],
    ] as const) {
      const opened = await openAll(Buffer.concat([first, ...parts]), { unpackers: [createZip()] });
      assert.deepEqual(opened.causes, causes);
    }
  });

  it('reports an unknown method that hides the content', async () => {
    const noise = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7919 + 13) & 0xff));
    const claims = { method: 77, crc: 1 };
    const opened = await openAll(
      buildZip([{ name: 'a', content: noise, method: 0, local: claims, central: claims }]),
      {
        unpackers,
      },
    );
    assert.ok(opened.causes.includes('malformed'));
  });
});

describe('zip bombs', () => {
  it('refuses entries that overlap', async () => {
    const opened = await openAll(overlappingZip(200), { unpackers });
    assert.ok(opened.causes.includes('bomb'));
    const bytes = opened.pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
    assert.ok(bytes < 20_000_000);
  });

  it('refuses data that one directory lists too often', async () => {
    const again = (count: number): TestEntry[] =>
      Array.from({ length: count }, (_, i) => ({
        ...hidden,
        name: `${i}.txt`,
        only: 'central' as const,
        central: { offset: 0 },
      }));
    const at = await openAll(buildZip([hidden, ...again(2)]), { unpackers });
    const over = await openAll(buildZip([hidden, ...again(3)]), { unpackers });
    assert.deepEqual(at.causes, []);
    assert.deepEqual(over.causes, ['bomb']);
    assert.ok(over.pieces.some(({ bytes }) => Buffer.from(bytes).equals(content)));
  });

  it('reads files of one name that a directory with wrong offsets lists', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const files = names.map((text) => ({
      name: 'report.txt',
      content: Buffer.from(text.repeat(500)),
      central: { offset: 0xff_ff_ff },
    }));
    const opened = await openAll(buildZip(files), { unpackers });
    assert.deepEqual(opened.causes, []);
    assert.ok(opened.pieces.length >= names.length);
  });

  it('reads archives in a row, each of which lists data at its own start', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `${i}.txt`);
    const row = names.map((name) => buildZip([{ name, content: Buffer.from(name.repeat(500)) }]));
    const opened = await openAll(Buffer.concat(row), { unpackers });
    assert.deepEqual(opened.causes, []);
    const found = new Set(opened.pieces.map(({ name }) => name));
    assert.ok(names.every((name) => found.has(name)));
  });

  it('reads a copy from which something was cut, so that data seem to begin in those before', async () => {
    const entries = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => ({
      name,
      method: 0 as const,
      content: Buffer.from(name.repeat(500)),
    }));
    const whole = buildZip(entries).toString('latin1');
    const cut = whole.replaceAll(/(.)\1{99}(?=\1{99}PK)/g, '');
    const opened = await openAll(Buffer.from(cut, 'latin1'), { unpackers });
    assert.ok(cut.length < whole.length - 600);
    assert.deepEqual(opened.causes, []);
  });

  it('cuts a flat bomb at the object limit and reports it', async () => {
    const bomb = buildZip([{ name: 'a', content: Buffer.alloc(30_000_000) }]);
    const opened = await openAll(bomb, { unpackers });
    assert.ok(opened.causes.includes('bomb'));
    assert.ok(opened.pieces.every((piece) => piece.bytes.length <= 25_000_000));
  });

  it('counts the ratio only above its floor', async () => {
    const limits = { maxRatio: 50, ratioFloorBytes: 100_000 };
    const at = buildZip([{ name: 'a', content: Buffer.alloc(100_000) }]);
    const over = buildZip([{ name: 'a', content: Buffer.alloc(100_001) }]);
    assert.deepEqual((await openAll(at, { unpackers, limits })).causes, []);
    assert.deepEqual((await openAll(over, { unpackers, limits })).causes, ['bomb']);
  });

  it('ends with bomb when there are too many entries', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => ({ name: `${i}`, content: Buffer.from(`n${i}`) }));
    const opened = await openAll(buildZip(many), { unpackers });
    assert.equal(opened.stopped?.scanCause, 'bomb');
  });

  it('stops at the depth limit', async () => {
    let nested = buildZip([hidden]);
    for (let level = 0; level < 30; level += 1) {
      nested = buildZip([{ name: `${level}.zip`, content: nested }]);
    }
    assert.deepEqual((await openAll(nested, { unpackers })).causes, ['too-deep']);
  });
});
