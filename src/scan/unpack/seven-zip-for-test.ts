import { createCipheriv } from 'node:crypto';
import { Budget } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import {
  readSevenZipHeader,
  restForOneFile,
  type SevenZipCoder,
  type SevenZipFolder,
  type SevenZipStreams,
  writeSevenZip,
} from './seven-zip-header.ts';
import { SevenZipKeys } from './seven-zip-key.ts';

/** How a test encrypts an archive. */
export interface Seal {
  readonly password: string;
  readonly cyclesPower?: number;
  readonly salt?: Buffer;
  /** Fills the last block; writers take zero. */
  readonly padding?: number;
}

const IV = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

function properties(cyclesPower: number, salt: Buffer): Buffer {
  const first = cyclesPower | 0x40 | (salt.length > 0 ? 0x80 : 0);
  const second = (Math.max(0, salt.length - 1) << 4) | 15;
  return Buffer.concat([Buffer.from([first, second]), salt, IV]);
}

function encrypt(
  bytes: Buffer,
  { password, cyclesPower = 4, salt = Buffer.alloc(0), padding = 0 }: Seal,
): Buffer {
  const budget = new Budget(TEST_LIMITS, () => 0);
  const key = new SevenZipKeys().derive(password, { cyclesPower, salt }, budget);
  const cipher = createCipheriv('aes-256-cbc', key, IV).setAutoPadding(false);
  const fill = Buffer.alloc((16 - (bytes.length % 16)) % 16, padding);
  return cipher.update(Buffer.concat([bytes, fill]));
}

function aesCoder({ cyclesPower = 4, salt = Buffer.alloc(0) }: Seal): SevenZipCoder {
  return { method: '06f10701', inputs: 1, outputs: 1, properties: properties(cyclesPower, salt) };
}

function sealFolder(folder: SevenZipFolder, packSize: number, seal: Seal): SevenZipFolder {
  const [input = 0] = folder.packed;
  const added = folder.coders.length;
  return {
    coders: [...folder.coders, aesCoder(seal)],
    bonds: [...folder.bonds, [input, added]],
    packed: [added],
    sizes: [...folder.sizes, packSize],
  };
}

function packsOf(archive: Buffer, { packAt, packSizes }: SevenZipStreams): Buffer[] {
  let at = packAt;
  return packSizes.map((size) => archive.subarray(at, (at += size)));
}

/** A plain archive of simple coders with a plain header, its folders encrypted, each by its own seal or not at all. */
export function sealSevenZip(archive: Buffer, ...seals: readonly (Seal | undefined)[]): Buffer {
  const { streams, rest } = readSevenZipHeader(archive);
  const packs = packsOf(archive, streams);
  const sealOf = (index: number): Seal | undefined => seals[Math.min(index, seals.length - 1)];
  const folders = streams.folders.map((folder, index) => {
    const seal = sealOf(index);
    return seal === undefined ? folder : sealFolder(folder, packs[index]?.length ?? 0, seal);
  });
  const sealed = packs.map((pack, index) => {
    const seal = sealOf(index);
    return seal === undefined ? pack : encrypt(pack, seal);
  });
  return writeSevenZip({ folders, packs: sealed, digests: streams.digests, rest });
}

function copyFolder(size: number): SevenZipFolder {
  const copy = { method: '00', inputs: 1, outputs: 1, properties: Buffer.alloc(0) };
  return { coders: [copy], bonds: [], packed: [0], sizes: [size] };
}

/** One stored file without a checksum. */
export function storedSevenZip(content: Buffer): Buffer {
  const parts = { packs: [content], digests: Buffer.alloc(0), rest: restForOneFile() };
  return writeSevenZip({ ...parts, folders: [copyFolder(content.length)] });
}

/** The only folder of an archive so many times, each with a file of its own; without checksums. */
export function repeatedSevenZip(archive: Buffer, count: number): Buffer {
  const { streams } = readSevenZipHeader(archive);
  const repeat = <T>(parts: readonly T[]): T[] => Array.from({ length: count }, () => parts).flat();
  const names = repeat([Buffer.from('a\0', 'utf16le')]);
  const files = Buffer.concat([
    Buffer.from([0, 5, count, 0x11, 4 * count + 1, 0]),
    ...names,
    Buffer.from([0, 0]),
  ]);
  const packs = repeat(packsOf(archive, streams));
  return writeSevenZip({ folders: repeat(streams.folders), packs, digests: Buffer.alloc(0), rest: files });
}
