import { createDecipheriv } from 'node:crypto';
import { u8 } from './byte-view.ts';
import {
  type SevenZipCoder,
  type SevenZipFolder,
  type SevenZipStreams,
  UnfamiliarHeader,
} from './seven-zip-header.ts';
import { isAffordable, type SevenZipKeyRule } from './seven-zip-key.ts';

const AES_METHOD = '06f10701';
/** A coder that changes nothing. */
export const COPY: SevenZipCoder = { method: '00', inputs: 1, outputs: 1, properties: Buffer.alloc(0) };
const BLOCK_BYTES = 16;

interface Cipher extends SevenZipKeyRule {
  readonly iv: Buffer;
}

/** One packed stream; without a cipher it is not encrypted. */
interface Pack {
  readonly bytes: Buffer;
  readonly cipher?: Cipher;
  /** Bytes of the decrypted stream: what follows fills the last block. */
  readonly size: number;
  /** Method that reads the decrypted stream. */
  readonly reader: string;
}

/**
 * Whether keys may be right. With `none` the decoder would refuse the first block; with `likely` the last block is
 * filled with zeros as well, as writers do, which is no proof but where to look first.
 */
export type Fit = 'likely' | 'possible' | 'none';

interface LockedPack extends Pack {
  readonly cipher: Cipher;
}

/** One folder of an archive whose packed streams may be encrypted. */
export interface SevenZipLock {
  readonly rules: readonly SevenZipKeyRule[];
  /** What the first and the last block say of these keys, in the order of `rules`. */
  fit(keys: readonly Buffer[]): Fit;
  /** The packed streams, decrypted where keys are given, and the folder without its encryption. */
  unlock(keys: readonly Buffer[] | undefined): { folder: SevenZipFolder; packs: Buffer[] };
}

/** Layout of 7-Zip: two bytes of flags and lengths, salt, initialisation vector. */
function readCipher(properties: Buffer): Cipher {
  const first = u8(properties, 0);
  const second = u8(properties, 1);
  const saltBytes = (first >> 7) + ((first & 0xc0) === 0 ? 0 : second >> 4);
  const ivBytes = ((first >> 6) & 1) + ((first & 0xc0) === 0 ? 0 : second & 15);
  const iv = Buffer.alloc(BLOCK_BYTES);
  properties.copy(iv, 0, 2 + saltBytes, 2 + saltBytes + ivBytes);
  const cipher = { cyclesPower: first & 0x3f, salt: properties.subarray(2, 2 + saltBytes), iv };
  if (cipher.salt.length !== saltBytes || !isAffordable(cipher)) {
    throw new UnfamiliarHeader('7z key rule not followed');
  }
  return cipher;
}

function decrypt(key: Buffer, { iv }: Cipher, bytes: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return cipher.update(bytes.subarray(0, bytes.length - (bytes.length % BLOCK_BYTES)));
}

/** LZMA2: a first chunk that resets the dictionary; if it is coded, sound properties and a range coder that starts. */
function startsLzma2(block: Buffer): boolean {
  const control = u8(block, 0);
  const properties = u8(block, 5);
  const coded = control >= 0xe0 && properties < 225 && u8(block, 6) === 0;
  return control <= 1 || coded;
}

/**
 * What each decoder demands of its first bytes and refuses otherwise (LZMA SDK). Padding is not looked at: decoders
 * ignore it, so a sender may put anything there.
 */
const STARTS: Readonly<Record<string, (block: Buffer) => boolean>> = {
  '030101': (block) => block[0] === 0, // LZMA: the first byte of its range coder
  '030401': (block) => block[0] === 0, // PPMd: the same
  '21': startsLzma2,
  '040108': (block) => (u8(block, 0) & 6) !== 6, // deflate: a block type that exists
  '040109': (block) => (u8(block, 0) & 6) !== 6, // deflate64
  '040202': (block) => block.length < 3 || block.toString('latin1', 0, 3) === 'BZh', // bzip2
};

/** Index of the coder that has a certain input or output, counted over all coders. */
function ownerOf(coders: readonly SevenZipCoder[], index: number, side: 'inputs' | 'outputs'): number {
  let passed = 0;
  return coders.findIndex((coder) => {
    passed += coder[side];
    return index < passed;
  });
}

function firstOutput(coders: readonly SevenZipCoder[], owner: number): number {
  return coders.slice(0, owner).reduce((total, { outputs }) => total + outputs, 0);
}

function packOf({ coders, bonds, sizes }: SevenZipFolder, input: number, bytes: Buffer): Pack {
  const owner = ownerOf(coders, input, 'inputs');
  const coder = coders[owner];
  if (coder?.method !== AES_METHOD) {
    return { bytes, size: bytes.length, reader: '' };
  }
  const output = firstOutput(coders, owner);
  const bond = bonds.find(([, bound]) => bound === output);
  const reader = bond === undefined ? '' : (coders[ownerOf(coders, bond[0], 'inputs')]?.method ?? '');
  if (coder.inputs !== 1 || coder.outputs !== 1 || reader === AES_METHOD) {
    throw new UnfamiliarHeader('7z coder not followed');
  }
  return { bytes, cipher: readCipher(coder.properties), size: sizes[output] ?? 0, reader };
}

class FolderLock implements SevenZipLock {
  readonly #folder: SevenZipFolder;
  readonly #packs: readonly Pack[];
  readonly rules: readonly Cipher[];

  constructor(folder: SevenZipFolder, packs: readonly Buffer[]) {
    this.#folder = folder;
    this.#packs = folder.packed.map((input, index) => packOf(folder, input, packs[index] ?? Buffer.alloc(0)));
    this.rules = this.#packs.flatMap(({ cipher }) => (cipher === undefined ? [] : [cipher]));
    const encrypting = folder.coders.filter(({ method }) => method === AES_METHOD).length;
    if (encrypting !== this.rules.length) {
      throw new UnfamiliarHeader('7z coder encrypts what is no packed stream');
    }
  }

  fit(keys: readonly Buffer[]): Fit {
    return !this.#startsRight(keys) ? 'none' : this.#endsRight(keys) ? 'likely' : 'possible';
  }

  #startsRight(keys: readonly Buffer[]): boolean {
    return this.#every(keys, ({ bytes, cipher, reader, size }, key) => {
      const starts = STARTS[reader];
      if (starts === undefined || size === 0) {
        return true;
      }
      return starts(decrypt(key, cipher, bytes.subarray(0, BLOCK_BYTES)).subarray(0, size));
    });
  }

  #endsRight(keys: readonly Buffer[]): boolean {
    return this.#every(keys, ({ bytes, cipher, size }, key) => {
      const lastAt = size - (size % BLOCK_BYTES);
      if (lastAt === size || bytes.length < lastAt + BLOCK_BYTES) {
        return true;
      }
      const iv = lastAt === 0 ? cipher.iv : bytes.subarray(lastAt - BLOCK_BYTES, lastAt);
      const last = decrypt(key, { ...cipher, iv }, bytes.subarray(lastAt, lastAt + BLOCK_BYTES));
      return last.subarray(size - lastAt).every((byte) => byte === 0);
    });
  }

  #every(keys: readonly Buffer[], test: (pack: LockedPack, key: Buffer) => boolean): boolean {
    const locked = this.#packs.flatMap((pack) =>
      pack.cipher === undefined ? [] : [{ ...pack, cipher: pack.cipher }],
    );
    return locked.every((pack, index) => {
      const key = keys[index];
      return key === undefined || test(pack, key);
    });
  }

  unlock(keys: readonly Buffer[] | undefined): { folder: SevenZipFolder; packs: Buffer[] } {
    const left = [...(keys ?? [])];
    const packs = this.#packs.map(({ bytes, cipher, size }) => {
      const key = cipher === undefined ? undefined : left.shift();
      const plain = key === undefined || cipher === undefined ? bytes : decrypt(key, cipher, bytes);
      return cipher === undefined ? plain : plain.subarray(0, size);
    });
    const coders = this.#folder.coders.map((coder) => (coder.method === AES_METHOD ? COPY : coder));
    return { folder: { ...this.#folder, coders }, packs };
  }
}

/** The folders of an archive, whether encrypted or not. Throws `UnfamiliarHeader`. */
export function sevenZipLocks(archive: Buffer, streams: SevenZipStreams): SevenZipLock[] {
  let at = streams.packAt;
  let index = 0;
  return streams.folders.map((folder) => {
    const packs = folder.packed.map(() => {
      const size = streams.packSizes[index] ?? 0;
      index += 1;
      at += size;
      if (at > archive.length) {
        throw new UnfamiliarHeader('7z stream outside the archive');
      }
      return archive.subarray(at - size, at);
    });
    return new FolderLock(folder, packs);
  });
}
