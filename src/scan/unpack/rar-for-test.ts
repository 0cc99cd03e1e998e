import { createCipheriv, createHash, createHmac, hash, pbkdf2Sync } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Encrypted archives of RAR around one stored file; no free program writes them. */

const SALT = Buffer.from('8899aabbccddeeff0011223344556677', 'hex');
const RAR5_MAGIC_BYTES = 8;
const IV = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

function le(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
}

/** Two bytes for every number: enough up to 16 KB. */
function vint(value: number): Buffer {
  return Buffer.from([(value & 127) | 128, value >> 7]);
}

function block5(...fields: readonly Buffer[]): Buffer {
  const body = Buffer.concat(fields);
  const sized = Buffer.concat([vint(body.length), body]);
  return Buffer.concat([le(crc32(sized), 4), sized]);
}

export interface RarSeal {
  readonly password: string;
  /** Rounds of RAR 5 as a power of two. */
  readonly power?: number;
  /** Of RAR 5: without it only decrypting tells. */
  readonly hasCheck?: boolean;
  /** The check's own sum is wrong. */
  readonly spoilsCheck?: boolean;
  /** Of RAR 5: compressed, as long as it is. */
  readonly isPacked?: boolean;
  /** Of RAR 5: the file's checksum is changed by the key, is wrong, or is not there. */
  readonly sum?: 'keyed' | 'wrong' | 'none';
  /** Of RAR 5: service headers in front, each with a check of its own that the password does not pass. */
  readonly decoys?: number;
  /** Of RAR 5: service headers in front that hold nothing. */
  readonly emptyBlocks?: number;
  /** Of RAR 5: headers are encrypted as well. */
  readonly hidesNames?: boolean;
}

function check5({ password, power = 4, spoilsCheck = false }: RarSeal): Buffer {
  const derived = pbkdf2Sync(password, SALT, 2 ** power + 32, 32, 'sha256');
  const folded = Buffer.alloc(8);
  derived.forEach((byte, index) => {
    folded[index % 8] = (folded[index % 8] ?? 0) ^ byte;
  });
  const sum = hash('sha256', folded, 'buffer').subarray(0, 4);
  return Buffer.concat([folded, spoilsCheck ? Buffer.alloc(4) : sum]);
}

function encrypt5(bytes: Buffer, { password, power = 4 }: RarSeal): Buffer {
  const key = pbkdf2Sync(password, SALT, 2 ** power, 32, 'sha256');
  return createCipheriv('aes-256-cbc', key, IV).setAutoPadding(false).update(padded(bytes));
}

/** Bits as they are written, the highest of a byte first. */
function fromBits(bits: string): Buffer {
  return Buffer.from(bits.match(/.{1,8}/g)?.map((byte) => parseInt(byte.padEnd(8, '0'), 2)) ?? []);
}

function bitsOf(value: number, bits: number): string {
  return value.toString(2).padStart(bits, '0');
}

/** Lengths 1, 9 and two kinds of repeated zeros, with codes of two bits themselves. */
const LEVEL_BITS = Array.from({ length: 20 }, (_, symbol) =>
  bitsOf([1, 9, 18, 19].includes(symbol) ? 2 : 0, 4),
).join('');
const [ONE, NINE, FEW_ZEROS, MANY_ZEROS] = ['00', '01', '10', '11'] as const;

/** Codes of nine bits for all bytes, one of one bit for another symbol. */
function literalBits(content: Buffer): string {
  return [...content].map((byte) => `1${bitsOf(byte, 8)}`).join('');
}

/** What a compressor of RAR 5 may write that finds no repetition: one block with its header. */
export function packedRar5(content: Buffer): Buffer {
  const zeros = `${MANY_ZEROS}${bitsOf(127, 7)}${MANY_ZEROS}${bitsOf(24, 7)}`;
  const bits = `${LEVEL_BITS}${NINE.repeat(256)}${ONE}${zeros}${literalBits(content)}`;
  const block = fromBits(bits);
  const flags = 0xc8 | ((bits.length - 1) % 8);
  const size = [block.length & 255, block.length >> 8] as const;
  return Buffer.concat([Buffer.from([flags, 0x5a ^ flags ^ size[0] ^ size[1], ...size]), block]);
}

function sum5(content: Buffer, { password, power = 4, sum }: RarSeal): Buffer {
  const plain = le(crc32(content, sum === 'wrong' ? 1 : 0), 4);
  if (sum !== 'keyed') {
    return sum === 'none' ? Buffer.alloc(0) : plain;
  }
  const key = pbkdf2Sync(password, SALT, 2 ** power + 16, 32, 'sha256');
  const keyed = createHmac('sha256', key).update(plain).digest();
  return Buffer.from(
    plain.map((_, at) => keyed.reduce((all, byte, i) => (i % 4 === at ? all ^ byte : all), 0)),
  );
}

function file5(content: Buffer, packedBytes: number, seal: RarSeal): Buffer {
  const { power = 4, hasCheck = true } = seal;
  const check = hasCheck ? check5(seal) : Buffer.alloc(0);
  const flags = (hasCheck ? 1 : 0) | (seal.sum === 'keyed' ? 2 : 0);
  const record = Buffer.concat([Buffer.from([1, 0, flags, power]), SALT, IV, check]);
  const extra = Buffer.concat([vint(record.length), record]);
  return block5(
    Buffer.from([2, 3]),
    vint(extra.length),
    vint(packedBytes),
    Buffer.from([seal.sum === 'none' ? 0 : 4]),
    vint(content.length),
    Buffer.from([0]),
    sum5(content, seal),
    vint(seal.isPacked === true ? 3 << 7 : 0),
    Buffer.from([0, 5]),
    Buffer.from('a.txt'),
    extra,
  );
}

/** A service header that programs pass over. */
function decoy5(index: number): Buffer {
  const folded = Buffer.alloc(8, index + 1);
  const check = Buffer.concat([folded, hash('sha256', folded, 'buffer').subarray(0, 4)]);
  const record = Buffer.concat([Buffer.from([1, 0, 1, 0]), SALT, IV, check]);
  const extra = Buffer.concat([vint(record.length), record]);
  const rest = Buffer.from([0, 0, 0, 0, 0, 3]);
  return block5(Buffer.from([3, 3]), vint(extra.length), vint(0), rest, Buffer.from('XYZ'), extra);
}

function emptyService5(): Buffer {
  return block5(Buffer.from([3, 0, 0, 0, 0, 0, 0, 3]), Buffer.from('XYZ'));
}

/** RAR 5: the content is encrypted, and the headers if asked for. */
export function lockedRar5(content: Buffer, seal: RarSeal): Buffer {
  const { power = 4, hidesNames = false } = seal;
  const data = encrypt5(seal.isPacked === true ? packedRar5(content) : content, seal);
  const { hasCheck = true } = seal;
  const check = hasCheck ? check5(seal) : Buffer.alloc(0);
  const lock = block5(Buffer.from([4, 0, 0, hasCheck ? 1 : 0, power]), SALT, check);
  const header = (block: Buffer): Buffer => (hidesNames ? Buffer.concat([IV, encrypt5(block, seal)]) : block);
  return Buffer.concat([
    Buffer.from('526172211a070100', 'hex'),
    hidesNames ? lock : Buffer.alloc(0),
    header(block5(Buffer.from([1, 0, 0]))),
    ...Array.from({ length: seal.emptyBlocks ?? 0 }, () => header(emptyService5())),
    ...Array.from({ length: seal.decoys ?? 0 }, (_, index) => header(decoy5(index))),
    header(file5(content, data.length, seal)),
    data,
    header(block5(Buffer.from([5, 0, 0]))),
  ]);
}

/** The files of both, whose headers are not encrypted. */
export function joinedRar5(first: Buffer, second: Buffer): Buffer {
  const plainBlockBytes = block5(Buffer.from([0, 0, 0])).length;
  const filesAt = RAR5_MAGIC_BYTES + plainBlockBytes;
  return Buffer.concat([first.subarray(0, -plainBlockBytes), second.subarray(filesAt)]);
}

function block4(type: number, flags: number, fields: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([type]), le(flags, 2), le(7 + fields.length, 2), fields]);
  return Buffer.concat([le(crc32(body) & 0xffff, 2), body]);
}

/** The key rule of RAR 4, round by round as it is described. */
function key4(password: string, salt: Buffer): { key: Buffer; iv: Buffer } {
  const secret = Buffer.concat([Buffer.from(password, 'utf16le'), salt]);
  const digest = createHash('sha1');
  const iv = Buffer.alloc(16);
  for (let round = 0; round < 0x40000; round += 1) {
    digest.update(secret).update(le(round, 3));
    if (round % 0x4000 === 0) {
      iv[round / 0x4000] = digest.copy().digest()[19] ?? 0;
    }
  }
  return { key: digest.digest().subarray(0, 16).swap32(), iv };
}

export interface Rar4Seal {
  readonly password: string;
  /** Only the content is encrypted. */
  readonly showsNames?: boolean;
  /** Compressed, as long as it is. */
  readonly isPacked?: boolean;
  /** The file's checksum is wrong. */
  readonly spoilsSum?: boolean;
  readonly salt?: Buffer;
  /** The file goes on from the one before it. */
  readonly isSolid?: boolean;
  /** Blocks in front that hold nothing. */
  readonly emptyBlocks?: number;
}

/** What a compressor of RAR 3 may write that finds no repetition. */
export function packedRar3(content: Buffer): Buffer {
  const zeros = `${MANY_ZEROS}${bitsOf(127, 7)}${FEW_ZEROS}${bitsOf(6, 3)}`;
  return fromBits(`00${LEVEL_BITS}${NINE.repeat(256)}${ONE}${zeros}${literalBits(content)}001`);
}

/** RAR 4: the content is encrypted, and the headers if asked for. */
export function lockedRar4(content: Buffer, seal: Rar4Seal): Buffer {
  const salt = seal.salt ?? SALT.subarray(0, 8);
  const { key, iv } = key4(seal.password, salt);
  const encrypt = (bytes: Buffer): Buffer =>
    createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false).update(padded(bytes));
  const data = encrypt(seal.isPacked === true ? packedRar3(content) : content);
  const fields = Buffer.alloc(25);
  fields.writeUInt32LE(data.length, 0);
  fields.writeUInt32LE(content.length, 4);
  fields.writeUInt32LE(crc32(content, seal.spoilsSum === true ? 1 : 0), 9);
  fields[17] = 29;
  fields[18] = seal.isPacked === true ? 0x33 : 0x30;
  fields.writeUInt16LE(5, 19);
  const flags = seal.isSolid === true ? 0x8414 : 0x8404;
  const file = block4(0x74, flags, Buffer.concat([fields, Buffer.from('a.txt'), salt]));
  const header = (block: Buffer): Buffer =>
    seal.showsNames === true ? block : Buffer.concat([salt, encrypt(block)]);
  return Buffer.concat([
    Buffer.from('526172211a0700', 'hex'),
    block4(0x73, seal.showsNames === true ? 0 : 0x80, Buffer.alloc(6)),
    ...Array.from({ length: seal.emptyBlocks ?? 0 }, () => header(block4(0x75, 0x4000, Buffer.alloc(0)))),
    header(file),
    data,
    header(block4(0x7b, 0x4000, Buffer.alloc(0))),
  ]);
}

/** The files of both, whose headers are not encrypted. */
export function joinedRar4(first: Buffer, second: Buffer): Buffer {
  const endBytes = 7;
  const filesAt = 7 + 13;
  return Buffer.concat([first.subarray(0, -endBytes), second.subarray(filesAt)]);
}
