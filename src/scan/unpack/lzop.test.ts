import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLzopUnpacker } from './lzop.ts';
import { openAll, type Opened } from './open-all.ts';

const LINE = 'POSTERN-TEST-MARK and what stands behind it, and what stands behind that, ';
const PLAIN = Buffer.concat([
  Buffer.from(LINE.repeat(12)),
  Buffer.from(Array.from({ length: 64 }, (_, code) => code)),
  Buffer.alloc(5000, 'x'),
  Buffer.from('the end'),
]);

/** Made by lzop with these options. */
const FILES = {
  '-1':
    'iUxaTwANChoKEEAgoAlAAgEDAAAJAACBpGsDOkEAAAAAAXQ1xgPsAAAXRwAAAK+LOV4nABpQT1NURVJOLVRFU1QtTUFSSyBhbmQg' +
    'd2hhdCBzdGFuZHMgYmVoaW5kIGl0LDZoAAN0aGF0LCAgAAAAECQBADEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh' +
    'IiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/eHh4IAAAAAAAAAAAAAAAAAAAAAAAAABuCAANeHh4eHh4eHh4dGhlIGVuZBEA' +
    'AAAAAAA=',
  '-9':
    'iUxaTwANChoKEEAgoAlAAwkDAAAJAACBpGsDOkEAAAAAAXQ2cgP1AAAXRwAAAKaLOV4nLlBPU1RFUk4tVEVTVC1NQVJLIGFuZCB3' +
    'aGF0IHN0SAEDcyBiZWhpSwJpdCw2aQB0SgIsICAAAAAQJAEALwABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQl' +
    'JicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj94IAAAAAAAAADmAAAgAAAAAAAAAOYAACAAAABpAAAEdGhlIGVuZBEAAAAAAAA=',
  '--crc32':
    'iUxaTwANChoKEEAgoBABAQUDABEIAACBpGsDOkEAAAAAAXRb+uPjAAAXRwAAAK/nPFHMABpQT1NURVJOLVRFU1QtTUFSSyBhbmQg' +
    'd2hhdCBzdGFuZHMgYmVoaW5kIGl0LDZoAAN0aGF0LCAgAAAAECQBADEAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAh' +
    'IiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/eHh4IAAAAAAAAAAAAAAAAAAAAAAAAABuCAANeHh4eHh4eHh4dGhlIGVuZBEA' +
    'AAAAAAA=',
};

function open(file: Buffer): Promise<Opened> {
  return openAll(file, { unpackers: [createLzopUnpacker()] });
}

function bytesOf({ pieces }: Opened): Buffer[] {
  return pieces.map(({ bytes }) => Buffer.from(bytes));
}

describe('files of lzop', () => {
  for (const [options, fixture] of Object.entries(FILES)) {
    const file = Buffer.from(fixture, 'base64');

    it(`are opened: ${options}`, async () => {
      const opened = await open(file);
      assert.deepEqual(bytesOf(opened), [PLAIN]);
      assert.deepEqual(opened.causes, []);
    });

    it(`give what there is of them, and say that it is not all: ${options}`, async () => {
      for (let length = 60; length < file.length - 4; length += 7) {
        const opened = await open(file.subarray(0, length));
        assert.deepEqual(opened.causes, ['malformed']);
        const [first = Buffer.alloc(0)] = bytesOf(opened);
        assert.ok(first.includes('POSTERN-TEST-MARK') || length < 100);
      }
    });

    it(`do not end in anything else when a byte is wrong: ${options}`, async () => {
      for (let at = 9; at < file.length; at += 1) {
        const wrong = Buffer.from(file);
        wrong[at] = (wrong[at] ?? 0) ^ 0x55;
        const [first = PLAIN] = bytesOf(await open(wrong));
        assert.ok(first.length <= 1_000_000);
      }
    });
  }

  it('give what stands before an instruction that goes on behind the end', async () => {
    const block = Buffer.from([18, 0x61, 33]); // one literal, three times more, from a distance that is missing
    const sizes = Buffer.from([0, 0, 1, 0, 0, 0, 0, block.length]);
    const head = Buffer.from('\u0089LZO\0\r\n\u001a\n', 'latin1');
    const fields = Buffer.from([0x10, 0x30, 0x20, 0x80, 0x09, 0x40, 1, 5, ...Buffer.alloc(21)]);
    const opened = await open(Buffer.concat([head, fields, sizes, block, Buffer.alloc(4)]));
    assert.deepEqual(bytesOf(opened), [Buffer.from('aaaa')]);
    assert.deepEqual(opened.causes, ['malformed']);
  });

  it('may stand behind each other', async () => {
    const file = Buffer.from(FILES['-1'], 'base64');
    const other = Buffer.from(FILES['-9'], 'base64');
    const opened = await open(Buffer.concat([file, other]));
    assert.deepEqual(bytesOf(opened), [PLAIN]);
    assert.deepEqual(opened.causes, []);
  });

  it('are 1,000 at most', async () => {
    const file = Buffer.from(FILES['-1'], 'base64');
    const files = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => file));
    assert.deepEqual((await open(files(1000))).causes, []);
    assert.deepEqual((await open(files(1001))).causes, ['bomb']);
  });

  it('take no more memory than their bytes can stand for', async () => {
    const file = Buffer.from(FILES['-1'], 'base64');
    const size = Buffer.alloc(4);
    size.writeUInt32BE(PLAIN.length);
    file.writeUInt32BE(20_000_000, file.indexOf(size));
    const [first = Buffer.alloc(0)] = bytesOf(await open(file));
    assert.equal(first.subarray(0, PLAIN.length).equals(PLAIN), true);
  });
});
