import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { readSevenZipHeader, restForOneFile, writeSevenZip } from './seven-zip-header.ts';
import { lockedRar4, lockedRar5 } from './rar-for-test.ts';
import { storedSevenZip } from './seven-zip-for-test.ts';
import { type FileHooks, SevenZipModule } from './seven-zip-instance.ts';
import { SevenZip, type SevenZipOutcome } from './seven-zip.ts';

const content = Buffer.from('harmless POSTERN-TEST-MARK '.repeat(40));
const plain = storedSevenZip(content);
const noHooks: FileHooks = { write: (own) => own, read: (own) => own };
const swallowOutput: FileHooks = {
  ...noHooks,
  write:
    (own) =>
    (stream, heap, offset, length, ...rest) =>
      stream.fd === 1 || stream.fd === 2 ? length : own(stream, heap, offset, length, ...rest),
};
const ARGS = ['x', '-so', '-bso2', '-bb1', '-y', '-p'];

/** LZMA of nothing useful under a dictionary so large that the memory must grow. */
function largeDictionary(): Buffer {
  const { streams } = readSevenZipHeader(plain);
  const lzma = { method: '030101', inputs: 1, outputs: 1, properties: Buffer.from([0x5d, 0, 0, 0, 4]) };
  const folders = streams.folders.map((folder) => ({ ...folder, coders: [lzma] }));
  return writeSevenZip({
    folders,
    packs: [Buffer.alloc(2000)],
    digests: Buffer.alloc(0),
    rest: restForOneFile(),
  });
}

function extract(sevenZip: SevenZip, bytes: Buffer): Promise<SevenZipOutcome> {
  return sevenZip.extract(bytes, new Budget(TEST_LIMITS, () => 0));
}

describe('an instance of 7-Zip', () => {
  it('is as before its first run after a good one', async () => {
    const instance = await new SevenZipModule().instantiate();
    for (let run = 0; run < 3; run += 1) {
      assert.equal(instance.run(plain, ARGS, swallowOutput), 0);
      assert.equal(instance.reset(), true);
    }
  });

  it('is as before its first run after an archive that it refuses', async () => {
    const instance = await new SevenZipModule().instantiate();
    const seal = { password: 'right' };
    for (const refused of [lockedRar5(content, seal), lockedRar4(content, seal), plain.subarray(0, 90)]) {
      assert.equal(instance.run(refused, ARGS, swallowOutput), 2);
      assert.equal(instance.reset(), true);
      assert.equal(instance.run(plain, ARGS, swallowOutput), 0);
      assert.equal(instance.reset(), true);
    }
  });

  it('begins like any other', async () => {
    const [first, second] = [
      await new SevenZipModule().instantiate(),
      await new SevenZipModule().instantiate(),
    ];
    assert.equal(Buffer.compare(first.image, second.image), 0);
    assert.notEqual(first.image.length, 0);
  });

  it('is not used again when its memory grew', async () => {
    const instance = await new SevenZipModule().instantiate();
    instance.run(largeDictionary(), ARGS, swallowOutput);
    assert.equal(instance.reset(), false);
  });

  it('gives the same for an archive whatever was read before it', async () => {
    const damaged = Buffer.from(plain).fill(0x5c, 40);
    const others = [
      damaged,
      largeDictionary(),
      Buffer.from('377abcaf271c', 'hex'),
      storedSevenZip(Buffer.alloc(2_000_000, 7)),
      lockedRar5(content, { password: 'right' }),
    ];
    const sevenZip = new SevenZip();
    const expected = await extract(new SevenZip(), plain);
    for (const other of others) {
      await extract(sevenZip, other);
      assert.deepEqual(await extract(sevenZip, plain), expected);
      assert.deepEqual(await extract(sevenZip, other), await extract(new SevenZip(), other));
    }
    assert.deepEqual(expected.files[0]?.bytes, content);
  });
});
