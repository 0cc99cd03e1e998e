import { crc32 } from 'node:zlib';

/** One chunk of a PNG file. */
export function chunk(type: string, data: Buffer): Buffer {
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.write(type, 4, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([frame.subarray(4), data])), 0);
  return Buffer.concat([frame, data, sum]);
}

/** A picture of 16 by 16 pixels around some chunks. */
export function png(...chunks: Buffer[]): Buffer {
  const magic = Buffer.from('89504e470d0a1a0a', 'hex');
  const header = chunk('IHDR', Buffer.from('00000010000000100802000000', 'hex'));
  return Buffer.concat([magic, header, ...chunks, chunk('IEND', Buffer.alloc(0))]);
}
