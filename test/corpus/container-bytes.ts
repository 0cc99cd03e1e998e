/** Containers written by code, each around one file; just enough of a format for every reader of it. */
import { crc32 } from 'node:zlib';

export function le(value: number, bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

export function tarEntry(name: string, body: Buffer, type = '0', checksum = true): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write('0000644\0', 100);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write(type, 156);
  header.write('ustar\u000000', 257);
  header.fill(' ', 148, 156);
  const sum = checksum ? header.reduce((total, byte) => total + byte, 0) : 1;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

export const TAR_END = Buffer.alloc(1024);

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

function aligned(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc((4 - (part.length % 4)) % 4)]);
}

function cpioEntry(name: string, body: Buffer): Buffer {
  const fields = [1, 0o100644, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length + 1, 0].map(hex).join('');
  return Buffer.concat([aligned(Buffer.from(`070701${fields}${name}\0`)), aligned(body)]);
}

/** The portable ASCII form of cpio. */
export function cpio(content: Buffer): Buffer {
  return Buffer.concat([cpioEntry('a', content), cpioEntry('TRAILER!!!', Buffer.alloc(0))]);
}

export function ar(content: Buffer): Buffer {
  const head = `a/              0           0     0     100644  ${String(content.length).padEnd(10)}\u0060\n`;
  return Buffer.concat([Buffer.from(`!<arch>\n${head}`), content, Buffer.alloc(content.length % 2, '\n')]);
}

/** COMPRESS.EXE with literals only. */
export function szdd(content: Buffer): Buffer {
  const parts = [Buffer.from('535a444488f027334100', 'hex'), le(content.length, 4)];
  for (let at = 0; at < content.length; at += 8) {
    parts.push(Buffer.from([0xff]), content.subarray(at, at + 8));
  }
  return Buffer.concat(parts);
}

/** One stored file in a cabinet. */
export function cab(content: Buffer): Buffer {
  const name = Buffer.from('a.txt\0');
  const fileAt = 44;
  const dataAt = fileAt + 16 + name.length;
  const bytes = Buffer.alloc(dataAt + 8);
  bytes.write('MSCF');
  bytes.writeUInt32LE(dataAt + 8 + content.length, 8);
  bytes.writeUInt32LE(fileAt, 16);
  bytes.set([3, 1], 24);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(1, 28);
  bytes.writeUInt32LE(dataAt, 36);
  bytes.writeUInt16LE(1, 40);
  bytes.writeUInt32LE(content.length, fileAt);
  name.copy(bytes, fileAt + 16);
  bytes.writeUInt16LE(content.length, dataAt + 4);
  bytes.writeUInt16LE(content.length, dataAt + 6);
  return Buffer.concat([bytes, content]);
}

/** CRC-16 of LHA: the reflected polynomial 0xA001. */
function crc16(content: Buffer): number {
  let crc = 0;
  for (const byte of content) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 1) === 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
    }
  }
  return crc;
}

/** A level 0 archive of LHA with one stored file. */
export function lzh(content: Buffer): Buffer {
  const head = Buffer.alloc(25);
  head.write('-lh0-', 2);
  head.writeUInt32LE(content.length, 7);
  head.writeUInt32LE(content.length, 11);
  head[19] = 0x20;
  head[21] = 1;
  head.write('a', 22);
  head.writeUInt16LE(crc16(content), 23);
  head[0] = head.length - 2;
  head[1] = head.subarray(2).reduce((sum, byte) => sum + byte, 0) & 0xff;
  return Buffer.concat([head, content, Buffer.alloc(1)]);
}

/** A header block of RAR 4: its checksum, type, flags, size and fields. */
function block4(type: number, flags: number, fields: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([type]), le(flags, 2), le(7 + fields.length, 2), fields]);
  return Buffer.concat([le(crc32(body) & 0xffff, 2), body]);
}

/** A stored file in RAR 4. */
export function rar4(content: Buffer, name = 'a.txt'): Buffer {
  const fields = Buffer.alloc(25);
  fields.writeUInt32LE(content.length, 0);
  fields.writeUInt32LE(content.length, 4);
  fields.writeUInt32LE(crc32(content), 9);
  fields[17] = 20;
  fields[18] = 0x30;
  fields.writeUInt16LE(name.length, 19);
  const file = block4(0x74, 0x8000, Buffer.concat([fields, Buffer.from(name)]));
  const end = block4(0x7b, 0, Buffer.alloc(0));
  return Buffer.concat([
    Buffer.from('526172211a0700', 'hex'),
    block4(0x73, 0, Buffer.alloc(6)),
    file,
    content,
    end,
  ]);
}

function vint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.from([(value & 127) | 128, value >> 7]);
}

function block5(...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const sized = Buffer.concat([vint(body.length), body]);
  return Buffer.concat([le(crc32(sized), 4), sized]);
}

/** A stored file in RAR 5; below 16 KB, so that every number takes two bytes at most. */
export function rar5(content: Buffer, name = 'a.txt'): Buffer {
  const size = vint(content.length);
  const file = block5(
    Buffer.from([2, 2]),
    size,
    Buffer.from([4]),
    size,
    Buffer.from([0]),
    le(crc32(content), 4),
    Buffer.from([0, 0, name.length]),
    Buffer.from(name),
  );
  const mark = Buffer.from('526172211a070100', 'hex');
  return Buffer.concat([mark, block5(Buffer.from([1, 0, 0])), file, content, block5(Buffer.from([5, 0, 0]))]);
}

/** A fixed virtual disk: the image, then its footer. */
export function fixedVhd(image: Buffer): Buffer {
  const footer = Buffer.alloc(512);
  footer.write('conectix');
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x10000, 12);
  footer.fill(0xff, 16, 24);
  footer.write('test', 28);
  footer.writeBigUInt64BE(BigInt(image.length), 40);
  footer.writeBigUInt64BE(BigInt(image.length), 48);
  footer.writeUInt32BE(2, 60);
  const sum = footer.reduce((total, byte) => total + byte, 0);
  footer.writeUInt32BE(~sum >>> 0, 64);
  return Buffer.concat([image, footer]);
}
