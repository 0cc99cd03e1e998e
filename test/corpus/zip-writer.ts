import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly content: Buffer;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const DEFLATED = 8;
/** 2026-01-02 03:04:06 in MS-DOS words: fixed, so that the archive is reproducible. */
const DOS_TIME = (3 << 11) | (4 << 5) | 3;
const DOS_DATE = (46 << 9) | (1 << 5) | 2;

/** The 26 bytes that local and central headers have in common, from "version needed" on. */
function sharedFields(member: ZipMember, packed: Buffer): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x0800, 2); // names are UTF-8
  fields.writeUInt16LE(DEFLATED, 4);
  fields.writeUInt16LE(DOS_TIME, 6);
  fields.writeUInt16LE(DOS_DATE, 8);
  fields.writeUInt32LE(crc32(member.content), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(member.content.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(member.name), 22);
  return fields;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A plain, valid, deflated archive without any extension. */
export function zip(members: readonly ZipMember[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const packed = deflateRawSync(member.content);
    const fields = sharedFields(member, packed);
    const name = Buffer.from(member.name);
    const local = Buffer.concat([u32(LOCAL), fields, name, packed]);
    // comment length, disk, internal and external attributes: all zero; then where the local header stands
    const place = Buffer.concat([Buffer.alloc(10), u32(offset)]);
    centrals.push(Buffer.concat([u32(CENTRAL), Buffer.from([20, 0]), fields, place, name]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
