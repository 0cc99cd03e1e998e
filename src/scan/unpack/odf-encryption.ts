import { createDecipheriv, hash, pbkdf2Sync } from 'node:crypto';
import type { Piece } from '../piece.ts';
import { hasMagic, u8, viewOf } from './byte-view.ts';
import { inflateRaw } from './decompress.ts';
import { emitStream } from './emission.ts';
import {
  type AnsweredManifests,
  MAX_ODF_ENTRIES,
  type OdfEncryption,
  readOdfManifest,
} from './odf-manifest.ts';
import type { MarkIndex } from './mark-search.ts';
import { PasswordTries } from './password-tries.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { mapZip, type ZipEntry, type ZipMap } from './zip-records.ts';

const MANIFEST_NAME = 'META-INF/manifest.xml';
const MANIFEST_PATH = Buffer.from(MANIFEST_NAME);
const MAX_MANIFEST_BYTES = 1024 * 1024;
/** Writers take 100,000, which costs 60 ms for each password, and again for each entry. */
export const MAX_ODF_ROUNDS = 500_000;
/** Entries that all passwords are tried on; all entries of a document have the same one, but each its own salt. */
const MAX_PROBED_ENTRIES = 2;
const CHECKED_BYTES = 1024;
const STORED = 0;

/** Padding of XML encryption: the last byte says how many, the others may be anything. */
function withoutPadding(bytes: Buffer): Buffer {
  const padding = u8(bytes, bytes.length - 1);
  return padding >= 1 && padding <= 16 ? bytes.subarray(0, bytes.length - padding) : bytes;
}

function isReadable({ keyBits, iv, salt, rounds }: OdfEncryption): boolean {
  return (
    keyBits !== undefined && iv.length === 16 && salt.length > 0 && rounds >= 1 && rounds <= MAX_ODF_ROUNDS
  );
}

/** The compressed entry, or undefined when the password is wrong. */
function decrypt(entry: OdfEncryption, data: Buffer, password: string): Buffer | undefined {
  const { keyBits = 256, iv, salt, rounds, startHash, checksum, checksumHash } = entry;
  const start = hash(startHash, password, 'buffer');
  const key = pbkdf2Sync(start, salt, rounds, keyBits / 8, 'sha1');
  const cipher = createDecipheriv(`aes-${keyBits}-cbc`, key, iv).setAutoPadding(false);
  const plain = withoutPadding(cipher.update(data.subarray(0, data.length - (data.length % 16))));
  return hash(checksumHash, plain.subarray(0, CHECKED_BYTES), 'buffer').equals(checksum) ? plain : undefined;
}

/** The text of the document first: no program opens it without. */
function rankOf({ path }: OdfEncryption): number {
  return path === 'content.xml' ? 0 : 1;
}

class OdfRun {
  readonly #bytes: Buffer;
  readonly #map: ZipMap;
  readonly #out: Yield;
  readonly #tries: PasswordTries;
  readonly #answered: AnsweredManifests;
  #isOpened = false;

  constructor(piece: Piece, out: Yield, answered: AnsweredManifests) {
    this.#bytes = viewOf(piece.bytes);
    this.#map = mapZip(this.#bytes);
    this.#out = out;
    this.#tries = new PasswordTries(out, [], piece.name);
    this.#answered = answered;
  }

  /** One answer for each manifest that says that something is encrypted. */
  run(): void {
    for (const entry of this.#named(MANIFEST_NAME)) {
      const manifest = this.#manifest(entry);
      const entries = readOdfManifest(manifest.toString());
      if (entries.length > 0) {
        this.#answered.add(this.#out.budget, manifest);
        this.#open(entries);
      }
    }
  }

  #named(name: string): ZipEntry[] {
    const wanted = Buffer.from(name);
    return this.#map.entries.filter(({ claims }) => claims.some((claim) => claim.name.equals(wanted)));
  }

  #manifest({ dataAt, claims }: ZipEntry): Buffer {
    const data = this.#bytes.subarray(dataAt);
    const [{ method, packed } = { method: STORED, packed: 0 }] = claims;
    return method === STORED
      ? data.subarray(0, Math.min(packed, MAX_MANIFEST_BYTES))
      : inflateRaw(data, MAX_MANIFEST_BYTES).bytes;
  }

  #open(entries: readonly OdfEncryption[]): void {
    const readable = entries.slice(0, MAX_ODF_ENTRIES).filter(isReadable);
    const inOrder = [...readable].sort((one, other) => rankOf(one) - rankOf(other));
    const opened = inOrder.filter((entry, index) => {
      const mayTry = this.#isOpened || index < MAX_PROBED_ENTRIES;
      return mayTry && this.#openEntry(entry);
    });
    if (opened.length < entries.length) {
      this.#out.cannot('encrypted', 'OpenDocument file is encrypted');
    }
  }

  /** All entries of a name: which of them a program reads is its own choice. */
  #openEntry(entry: OdfEncryption): boolean {
    const found = this.#named(entry.path);
    return found.length > 0 && found.every((zipEntry) => this.#openData(entry, this.#data(zipEntry)));
  }

  #data({ dataAt, claims }: ZipEntry): Buffer {
    const packed = Math.max(0, ...claims.map((claim) => claim.packed));
    return this.#bytes.subarray(dataAt, dataAt + packed);
  }

  #openData(entry: OdfEncryption, data: Buffer): boolean {
    for (const password of this.#tries.candidates()) {
      const packed = decrypt(entry, data, password);
      if (packed !== undefined) {
        this.#tries.worked(password);
        this.#isOpened = true;
        const inflated = inflateRaw(packed, this.#out.budget.objectAllowance());
        emitStream(this.#out, entry.path, inflated, 'OpenDocument entry');
        return true;
      }
    }
    return false;
  }
}

/** OpenDocument files in which each entry is encrypted; the zip around them is not. To be asked before the zip reader. */
export function createOdfUnpacker(answered: AnsweredManifests, marks: MarkIndex): Unpacker {
  const manifest = marks.add(MANIFEST_PATH);
  return {
    name: 'odf',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, 'PK\u0003\u0004') && manifest(bytes) >= 0,
    unpack: (piece: Piece, out: Yield) => new OdfRun(piece, out, answered).run(),
  };
}
