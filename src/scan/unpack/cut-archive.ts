import { u16le, u32le, u64le, u8 } from './byte-view.ts';

/** Archives that only 7-Zip reads, and whether they go on behind the end of the bytes. */

/** What stands before the data of a 7z archive. */
const SEVEN_ZIP_HEADER = 32;
/** The footer of xz, behind which zeros may stand (xz format 2.2). */
const XZ_FOOTER = Buffer.from('YZ');
const RAR4_END = Buffer.from('c43d7b00400700', 'hex');
const RAR5_END = Buffer.from('1d77565103050400', 'hex');
/** What may follow the end of an archive: line ends of a mail, zeros. */
const NEAR_END = 64;
/** Of the main header: this is one of several volumes, and what is missing is in another one. */
const RAR4_FLAGS_AT = 10;
const RAR5_FLAGS_AT = 14;
const VOLUME = 1;

function lastStands(bytes: Buffer, mark: Buffer): boolean {
  return bytes.subarray(-NEAR_END).includes(mark);
}

function isRar5Volume(bytes: Buffer): boolean {
  const hasExtra = (u8(bytes, RAR5_FLAGS_AT) & 1) !== 0;
  return (u8(bytes, RAR5_FLAGS_AT + (hasExtra ? 2 : 1)) & VOLUME) !== 0;
}

/**
 * True when the archive says of itself that there is more of it than `bytes`. A 7z archive then has no directory, and
 * no program opens it; of a stream and of a RAR archive everything before the end was read.
 */
export function endsEarly(format: string, bytes: Buffer): boolean {
  switch (format) {
    case '7z':
      return SEVEN_ZIP_HEADER + u64le(bytes, 12) + u64le(bytes, 20) > bytes.length;
    case 'cab':
      return u32le(bytes, 8) > bytes.length;
    case 'xz':
      return !lastStands(bytes, XZ_FOOTER);
    case 'rar':
      return (u16le(bytes, RAR4_FLAGS_AT) & VOLUME) === 0 && !lastStands(bytes, RAR4_END);
    case 'rar5':
      return !isRar5Volume(bytes) && !lastStands(bytes, RAR5_END);
    default:
      return false;
  }
}
