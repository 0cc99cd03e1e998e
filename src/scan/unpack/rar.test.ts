import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll } from './open-all.ts';

const content = Buffer.from(`harmless POSTERN-TEST ${'.'.repeat(100)}`);
const unpackers = createUnpackers();

/** A header block of RAR 4: its checksum, type, flags, size and fields. */
function block4(type: number, flags: number, fields: Buffer): Buffer {
  const body = Buffer.alloc(5);
  body[0] = type;
  body.writeUInt16LE(flags, 1);
  body.writeUInt16LE(7 + fields.length, 3);
  const whole = Buffer.concat([body, fields]);
  const check = Buffer.alloc(2);
  check.writeUInt16LE(crc32(whole) & 0xffff);
  return Buffer.concat([check, whole]);
}

/** A stored file in RAR 4. */
function rar4(name: string, mainFlags = 0): Buffer {
  const fields = Buffer.alloc(25);
  fields.writeUInt32LE(content.length, 0);
  fields.writeUInt32LE(content.length, 4);
  fields.writeUInt32LE(crc32(content), 9);
  fields[17] = 20;
  fields[18] = 0x30;
  fields.writeUInt16LE(name.length, 19);
  const file = block4(0x74, 0x8000, Buffer.concat([fields, Buffer.from(name)]));
  const mark = Buffer.from('526172211a0700', 'hex');
  return Buffer.concat([
    mark,
    block4(0x73, mainFlags, Buffer.alloc(6)),
    file,
    content,
    block4(0x7b, 0, Buffer.alloc(0)),
  ]);
}

/** A header of RAR 5: checksum, then the size, type, flags and fields as variable-length numbers (small ones here). */
function block5(fields: Buffer): Buffer {
  const sized = Buffer.concat([Buffer.from([fields.length]), fields]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(sized));
  return Buffer.concat([check, sized]);
}

function rar5(name: string): Buffer {
  const size = Buffer.from([content.length & 0x7f]);
  assert.ok(content.length < 128);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(content));
  const tail = Buffer.concat([Buffer.from([0, 0, name.length]), Buffer.from(name)]);
  const file = Buffer.concat([
    Buffer.from([2, 2]),
    size,
    Buffer.from([4]),
    size,
    Buffer.from([0]),
    check,
    tail,
  ]);
  const mark = Buffer.from('526172211a070100', 'hex');
  return Buffer.concat([
    mark,
    block5(Buffer.from([1, 0, 0])),
    block5(file),
    content,
    block5(Buffer.from([5, 0, 0])),
  ]);
}

describe('rar', () => {
  const archives = { 'RAR 4': rar4('a.txt'), 'RAR 5': rar5('a.txt') };
  for (const [version, bytes] of Object.entries(archives)) {
    it(`opens ${version}, also behind a picture`, async () => {
      for (const piece of [bytes, Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(300), bytes])]) {
        const opened = await openAll(piece, { unpackers });
        assert.equal(
          opened.pieces.some((found) => Buffer.from(found.bytes).equals(content)),
          true,
        );
        assert.deepEqual(opened.causes, []);
      }
    });

    it(`calls a cut ${version} archive malformed`, async () => {
      assert.deepEqual((await openAll(bytes.subarray(0, -60), { unpackers })).causes, ['malformed']);
    });
  }

  it('calls an archive with an encrypted directory encrypted', async () => {
    const head = rar4('a.txt', 0x80).subarray(0, 20);
    const sealed = Buffer.concat([head, Buffer.alloc(200, 0x5c)]);
    assert.deepEqual((await openAll(sealed, { unpackers })).causes, ['encrypted']);
  });
});
