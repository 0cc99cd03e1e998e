import type { Piece } from '../piece.ts';
import { hasMagic, latin1, u16le, u32le, u64le, u8, viewOf } from './byte-view.ts';
import { isStreamedVmdk } from './vmdk-stream.ts';

/** A format that 7-Zip opens for us. */
export interface SevenZipFormat {
  readonly name: string;
  /** 7-Zip's `-t` argument; absent when 7-Zip should tell the variants apart. */
  readonly type?: string;
  recognises(bytes: Buffer): boolean;
}

function magic(name: string, type: string, ...magics: readonly string[]): SevenZipFormat {
  return { name, type, recognises: (bytes) => magics.some((text) => hasMagic(bytes, text)) };
}

/** Where volume descriptors of ISO 9660 and UDF begin. */
const SECTOR = 0x8000;

function hasVolumeDescriptor(bytes: Buffer, id: string): boolean {
  // Descriptors follow each other in sectors of 2048; a handful of them is normal.
  return [0, 1, 2, 3, 4, 5, 6, 7].some((index) => hasMagic(bytes, id, SECTOR + index * 2048 + 1));
}

/** LZMA without container has no magic: properties, dictionary size, length and first coded byte must make sense. */
export function looksLikeLzma(bytes: Uint8Array): boolean {
  const properties = u8(bytes, 0);
  const dictionary = u32le(bytes, 1);
  const lengthUnknown = u32le(bytes, 5) === 0xffff_ffff && u32le(bytes, 9) === 0xffff_ffff;
  const length = u64le(bytes, 5);
  const dictionaryMakesSense = dictionary >= 0x1000 && (dictionary & (dictionary - 1)) === 0;
  const roundDictionary =
    dictionary >= 0x1800 && ((dictionary / 3) & (dictionary / 3 - 1)) === 0 && dictionary % 3 === 0;
  return (
    bytes.length > 18 &&
    properties < 225 &&
    u8(bytes, 13) === 0 &&
    (dictionaryMakesSense || roundDictionary || dictionary === 0xffff_ffff) &&
    (lengthUnknown || (length > 0 && length < 2 ** 38))
  );
}

function looksLikeArj(bytes: Buffer): boolean {
  return u16le(bytes, 0) === 0xea60 && u16le(bytes, 2) >= 30 && u16le(bytes, 2) <= 2600 && u8(bytes, 4) >= 30;
}

function looksLikeLzh(bytes: Buffer): boolean {
  return /^-(?:lh[0-9adx]|lz[2-8s]|pm[0-2s])-$/.test(latin1(bytes, 2, 7));
}

function looksLikeBootSector(bytes: Buffer): boolean {
  if (u16le(bytes, 510) !== 0xaa55) {
    return false;
  }
  return hasMagic(bytes, 'NTFS    ', 3) || hasMagic(bytes, 'FAT', 0x36) || hasMagic(bytes, 'FAT32', 0x52);
}

/** A partition table: at least one entry with a status, a type, and a place inside the image. */
function looksPartitioned(bytes: Buffer): boolean {
  const isPartition = (at: number): boolean => {
    const end = (u32le(bytes, at + 8) + u32le(bytes, at + 12)) * 512;
    return (
      (u8(bytes, at) & 0x7f) === 0 &&
      u8(bytes, at + 4) !== 0 &&
      u32le(bytes, at + 8) > 0 &&
      end <= bytes.length
    );
  };
  return u16le(bytes, 510) === 0xaa55 && [446, 462, 478, 494].some(isPartition);
}

const NSIS = Buffer.from('\u00ef\u00be\u00ad\u00deNullsoftInst', 'latin1');

/** Formats at the start of a piece, and those whose mark stands at a fixed other place. Explicit, in order. */
export const SEVEN_ZIP_FORMATS: readonly SevenZipFormat[] = [
  magic('7z', '7z', '7z\u00bc\u00af\u0027\u001c'),
  magic('rar', 'Rar', 'Rar!\u001a\u0007\u0000'),
  magic('rar5', 'Rar5', 'Rar!\u001a\u0007\u0001\u0000'),
  magic('xz', 'xz', '\u00fd7zXZ\u0000'),
  {
    name: 'bzip2',
    type: 'bzip2',
    recognises: (bytes) => /^BZh[1-9](?:1AY&SY|\u0017rE8P\u0090)/.test(latin1(bytes, 0, 10)),
  },
  magic('compress', 'Z', '\u001f\u009d'),
  { name: 'lzma', type: 'lzma', recognises: looksLikeLzma },
  magic('cpio', 'Cpio', '070701', '070702', '070707', '\u00c7\u0071', '\u0071\u00c7'),
  magic('ar', 'Ar', '!<arch>\n'),
  magic('cab', 'Cab', 'MSCF\u0000\u0000\u0000\u0000'),
  { name: 'arj', type: 'Arj', recognises: looksLikeArj },
  { name: 'lzh', type: 'Lzh', recognises: looksLikeLzh },
  { name: 'iso', type: 'Iso', recognises: (bytes) => hasVolumeDescriptor(bytes, 'CD001') },
  { name: 'udf', type: 'Udf', recognises: (bytes) => hasVolumeDescriptor(bytes, 'NSR0') },
  {
    name: 'vhd',
    type: 'VHD',
    recognises: (bytes) => hasMagic(bytes, 'conectix') || hasMagic(bytes, 'conectix', bytes.length - 512),
  },
  magic('vhdx', 'VHDX', 'vhdxfile'),
  magic('wim', 'wim', 'MSWIM\u0000\u0000\u0000', 'WLPWM\u0000\u0000\u0000'),
  magic('chm', 'Chm', 'ITSF'),
  magic('hxs', 'Hxs', 'ITOLITLS'),
  {
    name: 'nsis',
    type: 'Nsis',
    recognises: (bytes) =>
      (hasMagic(bytes, 'MZ') || hasMagic(bytes, latin1(NSIS), 4)) && bytes.includes(NSIS),
  },
  magic('szdd', 'MsLZ', 'SZDD\u0088\u00f0\u0027\u0033'),
  magic('rpm', 'Rpm', '\u00ed\u00ab\u00ee\u00db'),
  magic('xar', 'Xar', 'xar!\u0000'),
  {
    name: 'vmdk',
    type: 'VMDK',
    recognises: (bytes) =>
      hasMagic(bytes, '# Disk DescriptorFile') || (hasMagic(bytes, 'KDMV') && !isStreamedVmdk(bytes)),
  },
  magic('qcow', 'QCOW', 'QFI\u00fb'),
  { name: 'vdi', type: 'VDI', recognises: (bytes) => u32le(bytes, 0x40) === 0xbeda107f },
  magic('squashfs', 'SquashFS', 'hsqs', 'sqsh', 'qshs', 'shsq'),
  {
    name: 'cramfs',
    type: 'CramFS',
    recognises: (bytes) => hasMagic(bytes, 'Compressed ROMFS', 16),
  },
  { name: 'apfs', type: 'APFS', recognises: (bytes) => hasMagic(bytes, 'NXSB', 32) },
  magic('sparse', 'Sparse', '\u003a\u00ff\u0026\u00ed\u0001\u0000'),
  magic('ppmd', 'Ppmd', '\u008f\u00af\u00ac\u0084'),
  {
    name: 'dmg',
    type: 'Dmg',
    recognises: (bytes) => hasMagic(bytes, 'koly\u0000\u0000\u0000\u0004', bytes.length - 512),
  },
  {
    name: 'hfs',
    type: 'HFS',
    recognises: (bytes) => /^H[+X]\u0000[\u0004\u0005]/.test(latin1(bytes, 0x400, 0x404)),
  },
  {
    name: 'ext',
    type: 'Ext',
    recognises: (bytes) => u16le(bytes, 0x438) === 0xef53 && bytes.length >= 0x10000,
  },
  // Without a type 7-Zip tells FAT and NTFS apart.
  { name: 'disk-image', recognises: looksLikeBootSector },
  { name: 'mbr', type: 'MBR', recognises: looksPartitioned },
  { name: 'gpt', type: 'GPT', recognises: (bytes) => hasMagic(bytes, 'EFI PART', 512) },
  magic('swf', 'SWFc', 'CWS', 'ZWS'),
];

const SEVEN_ZIP_AES = Buffer.from('06f10701', 'hex');

/** Whether the directory itself is encrypted: 7-Zip then dies on a wrong password instead of naming it. */
export function hidesNames(name: string, bytes: Buffer): boolean {
  switch (name) {
    case '7z':
      return bytes.subarray(32 + Math.min(u64le(bytes, 12), bytes.length)).includes(SEVEN_ZIP_AES);
    case 'rar':
      return (u16le(bytes, 10) & 0x80) !== 0;
    case 'rar5':
      // Signature, header checksum, header size in one or more bytes, header type 4.
      return u8(bytes, 13) === 4;
    default:
      return false;
  }
}

/** The formats that a piece can be; a polyglot may be several. */
export function formatsOf({ bytes }: Piece): SevenZipFormat[] {
  const view = viewOf(bytes);
  return bytes.length < 12 ? [] : SEVEN_ZIP_FORMATS.filter((format) => format.recognises(view));
}
