import assert from 'node:assert/strict';
import { createCipheriv, hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { buildOle, compressVba, packageObject } from './ole-for-test.ts';
import { openAll, yields, type Opened } from './open-all.ts';
import { decompressVba } from './vba.ts';
import { buildZip } from './zip-for-test.ts';

const MARKER = 'POSTERN-TEST';
const file = Buffer.from(`MZ harmless ${MARKER} ${'.'.repeat(300)}`);
const unpackers = createUnpackers();

function open(bytes: Buffer, passwords: readonly string[] = []): Promise<Opened> {
  return openAll(bytes, { unpackers, passwords, now: () => 0 });
}

function has(opened: Opened, bytes: Buffer): boolean {
  return opened.pieces.some((piece) => Buffer.from(piece.bytes).equals(bytes));
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

describe('compound files', () => {
  it('gives streams of ordinary and of small sectors', async () => {
    const big = Buffer.concat([Buffer.alloc(5000, 'b'), file]);
    const opened = await open(
      buildOle([
        { name: 'big', bytes: big },
        { name: 'small', bytes: file },
      ]),
    );
    assert.equal(has(opened, big) && has(opened, file), true);
    assert.deepEqual(opened.causes, []);
  });

  it('joins many small streams into one piece', async () => {
    const streams = Array.from({ length: 100 }, (_, i) => ({
      name: `__substg1.0_${i}`,
      bytes: Buffer.from(`p${i}`),
    }));
    const { pieces } = await open(buildOle([...streams, { name: 'last', bytes: Buffer.from(MARKER) }]));
    assert.equal(pieces.filter(({ path }) => path === 'piece/properties').length, 1);
    assert.equal(
      pieces.some(({ bytes }) => Buffer.from(bytes).includes(MARKER)),
      true,
    );
  });

  it('opens packaged objects, also under an odd spelling of the stream name', async () => {
    const native = packageObject('a.exe', file);
    for (const name of ['\u0001Ole10Native', '\u0001oLE10nATIVE']) {
      const bytes = Buffer.concat([u32(native.length), native]);
      assert.equal(has(await open(buildOle([{ name, bytes }])), file), true);
    }
  });

  it('opens compressed objects of presentations', async () => {
    const inner = buildOle([
      { name: '\u0001Ole10Native', bytes: Buffer.concat([u32(0), packageObject('a', file)]) },
    ]);
    const packed = deflateSync(inner);
    const record = Buffer.concat([
      Buffer.from([0x10, 0, 0x11, 0x10]),
      u32(packed.length + 4),
      u32(inner.length),
      packed,
    ]);
    const opened = await open(buildOle([{ name: 'PowerPoint Document', bytes: record }]));
    assert.equal(has(opened, file), true);
  });

  it('gives attachments of message files whole', async () => {
    const opened = await open(
      buildOle([{ name: '__substg1.0_37010102', bytes: Buffer.from(`tiny ${MARKER}`) }]),
    );
    assert.equal(has(opened, Buffer.from(`tiny ${MARKER}`)), true);
  });

  it('ends on sector chains that loop, and on truncated files', async () => {
    const looped = buildOle([{ name: 'big', bytes: Buffer.alloc(6000, 'x') }]);
    looped.fill(0, looped.length - 512); // every sector is followed by sector 0
    for (const bytes of [looped, looped.subarray(0, 1200)]) {
      const opened = await open(bytes);
      assert.ok(opened.causes.every((cause) => cause === 'malformed'));
    }
  });

  it('calls a stream that ends early malformed', async () => {
    const whole = buildOle([{ name: 'big', bytes: Buffer.alloc(6000, 'x') }]);
    const cut = Buffer.from(whole);
    cut.writeUInt32LE(0xffff_fffe, whole.length - 512 + 8); // the chain of the stream ends in its third sector
    assert.deepEqual((await open(cut)).causes, ['malformed']);
  });

  it('refuses streams that share their sectors over and over', async () => {
    const streams = Array.from({ length: 60 }, (_, i) => ({ name: `s${i}`, bytes: Buffer.alloc(20, i) }));
    const bytes = buildOle([{ name: 'big', bytes: Buffer.alloc(40_000, 'x') }, ...streams]);
    const directoryAt = bytes.readUInt32LE(48) * 512 + 512;
    for (let index = 2; index < 62; index += 1) {
      bytes.writeUInt32LE(0, directoryAt + index * 128 + 116);
      bytes.writeUInt32LE(40_000, directoryAt + index * 128 + 120);
    }
    assert.deepEqual((await open(bytes)).causes, ['bomb']);
  });

  it('reports encrypted workbooks and documents', async () => {
    const book = Buffer.from('09080400000605002f00060000000000', 'hex');
    const word = Buffer.alloc(600);
    word.writeUInt16LE(0xa5ec);
    word.writeUInt16LE(0x0100, 10);
    for (const stream of [
      { name: 'Workbook', bytes: book },
      { name: 'WordDocument', bytes: word },
    ]) {
      assert.deepEqual((await open(buildOle([stream]))).causes, ['encrypted']);
    }
  });
});

describe('VBA', () => {
  const source = Buffer.from(
    `Attribute VB_Name = "Module1"\r\nSub AutoOpen()\r\n' ${MARKER} CaSe\r\nEnd Sub\r\n`,
  );

  it('decompresses module sources and keeps their case', async () => {
    const stream = Buffer.concat([Buffer.alloc(300, 0xee), compressVba(source)]);
    assert.equal(has(await open(buildOle([{ name: 'Module1', bytes: stream }])), source), true);
  });

  it('finds a module by the offset of the directory when its text does not begin as usual', async () => {
    const odd = Buffer.from(`' ${MARKER} without attributes ${'x'.repeat(50)}`);
    const dir = compressVba(Buffer.from([0x31, 0, 4, 0, 0, 0, 100, 0, 0, 0]));
    const stream = Buffer.concat([Buffer.alloc(100), compressVba(odd)]);
    assert.equal(
      has(
        await open(
          buildOle([
            { name: 'dir', bytes: dir },
            { name: 'm', bytes: stream },
          ]),
        ),
        odd,
      ),
      true,
    );
  });

  it('reads the examples of MS-OVBA 3.2', () => {
    const examples = {
      '0119b000616263646566676800696a6b6c6d6e6f70007172737475762e': 'abcdefghijklmnopqrstuv.',
      '012fb000236161616263646582660070616768696a013808616b6c00306d6e6f700671027004107273747576107778797a003c':
        '#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa',
      '0103b002614500': 'a'.repeat(73),
    };
    for (const [compressed, text] of Object.entries(examples)) {
      assert.equal(decompressVba(Buffer.from(compressed, 'hex')).toString(), text);
    }
  });
});

function sha(bytes: Buffer): Buffer {
  return hash('sha512', bytes, 'buffer');
}

function pad16(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
}

function seal(key: Buffer, iv: Buffer, bytes: Buffer): Buffer {
  return createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(pad16(bytes));
}

/** Agile encryption (MS-OFFCRYPTO 2.3.4.10) with few rounds. */
function encryptPackage(zip: Buffer, secret: string, rounds: number): Buffer {
  const salt = Buffer.alloc(16, 1);
  const key = Buffer.alloc(32, 2);
  let state = sha(Buffer.concat([salt, Buffer.from(secret, 'utf16le')]));
  for (let i = 0; i < Math.min(rounds, 1000); i += 1) {
    state = sha(Buffer.concat([u32(i), state]));
  }
  const lock = (block: string, bytes: Buffer): string =>
    seal(sha(Buffer.concat([state, Buffer.from(block, 'hex')])).subarray(0, 32), salt, bytes).toString(
      'base64',
    );
  const verifier = Buffer.alloc(16, 3);
  const common = `saltSize="16" blockSize="16" keyBits="256" hashSize="64" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512" saltValue="${salt.toString('base64')}"`;
  const xml = `<encryption><keyData ${common}/><keyEncryptors><keyEncryptor><p:encryptedKey spinCount="${rounds}" ${common} encryptedVerifierHashInput="${lock('fea7d2763b4b9e79', verifier)}" encryptedVerifierHashValue="${lock('d7aa0f6d3061344e', sha(verifier))}" encryptedKeyValue="${lock('146e0be7abacd0d6', key)}"/></keyEncryptor></keyEncryptors></encryption>`;
  const iv = sha(Buffer.concat([salt, u32(0)])).subarray(0, 16);
  const content = Buffer.concat([u32(zip.length), u32(0), seal(key, iv, zip)]);
  const info = Buffer.concat([Buffer.from('0400040040000000', 'hex'), Buffer.from(xml)]);
  return buildOle([
    { name: 'EncryptionInfo', bytes: info },
    { name: 'EncryptedPackage', bytes: content },
  ]);
}

describe('encrypted Office packages', () => {
  const password = 'VelvetSweatshop';
  const zip = buildZip([{ name: 'word/document.xml', content: file }]);

  it('opens with the password that Office tries by itself', async () => {
    const opened = await open(encryptPackage(zip, password, 1000));
    assert.equal(has(opened, file), true);
    assert.deepEqual(opened.causes, []);
  });

  it('opens with a password of the mail, and says encrypted without it', async () => {
    assert.equal(has(await open(encryptPackage(zip, '4711', 1000), ['no', '4711']), file), true);
    assert.deepEqual((await open(encryptPackage(zip, '4711', 1000), ['no'])).causes, ['encrypted']);
  });

  it('refuses to spin more rounds than the limit', async () => {
    assert.deepEqual((await open(encryptPackage(zip, password, 200_001))).causes, ['encrypted']);
  });

  it('never finds the marker in the sealed bytes', () => {
    assert.equal(encryptPackage(zip, password, 1000).includes(MARKER), false);
  });

  it('says encrypted when the scheme is not known', async () => {
    const streams = ['EncryptionInfo', 'EncryptedPackage'].map((name) => ({
      name,
      bytes: Buffer.alloc(300, 'x'),
    }));
    const opened = await open(buildOle(streams));
    assert.ok(opened.causes.includes('encrypted'));
    assert.equal(yields(opened, MARKER), false);
  });
});
