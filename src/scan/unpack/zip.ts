import type { Piece } from '../piece.ts';
import { hasMagic, u16le, u8, viewOf } from './byte-view.ts';
import type { Inflated } from './decompress.ts';
import { emitStream } from './emission.ts';
import type { MarkIndex } from './mark-search.ts';
import { OLE_MAGIC } from './ole-file.ts';
import { PasswordTries } from './password-tries.ts';
import type { SevenZip } from './seven-zip.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { CAPTURES } from './capture-magic.ts';
import { AES_EXTRA, decryptZipAes, decryptZipCrypto, matchesCrc, readAesExtra } from './zip-cipher.ts';
import { AES, DEFLATE, isKnownMethod, STORED, ZipMethods, type ZipSizes } from './zip-method.ts';
import {
  createZipTest,
  extraField,
  hasDescriptor,
  isEncrypted,
  mapZip,
  nextRecord,
  type ZipClaim,
  type ZipEntry,
  type ZipMap,
} from './zip-records.ts';

/**
 * Entries whose data are those of others, or begin inside them, before the archive is refused: bombs that use one
 * kernel again and again, for which whoever unpacks them pays each time.
 */
const MAX_OVERLAPS = 3;

/** A decompressed entry and whether its checksum agrees with one of the headers. */
interface Reading {
  readonly inflated: Inflated;
  readonly verified: boolean;
}

function unique(values: readonly number[]): number[] {
  return [...new Set(values)];
}

/** What of a header decides how a password is tried: a local header and its directory entry mostly agree. */
function lockOf({ method, flags, crc, time, extra }: ZipClaim): string {
  const aes = extraField(extra, AES_EXTRA)?.toString('hex') ?? '';
  return [method, flags, crc, time, aes].join(' ');
}

const NOTHING = Buffer.alloc(0);
const SLASH = 0x2f;

function isFolder({ name, packed, size }: ZipClaim): boolean {
  return packed === 0 && size === 0 && name.at(-1) === SLASH;
}

/** Compound files, databases, disk images, compressed data, records of a network. */
const SCATTERING = [
  OLE_MAGIC,
  'SQLite format 3\u0000',
  ...CAPTURES,
  'conectix',
  'vhdxfile',
  'KDMV',
  'QFI\u00fb',
  '<<< ',
  // lz4 and zstd, which write what they meet for the first time as it is.
  '\u0004\u0022\u004d\u0018',
  '\u0028\u00b5\u002f\u00fd',
];
/** A jump over the parameters of a file system, and the mark at the end of the sector. */
const RECORD = Buffer.from('PK\u0001\u0002');
const LOCAL_HEADER = Buffer.from('PK\u0003\u0004');
const JUMPS: ReadonlySet<number> = new Set([0xeb, 0xe9]);
const BOOT_MARK = 0xaa55;

/**
 * Containers that keep a file in parts, in any order: an archive in them may seem damaged where it stands, and comes
 * out whole by their own readers, which tell what they cannot read.
 */
function scattersFiles(bytes: Buffer): boolean {
  const isDisk = JUMPS.has(u8(bytes, 0)) && u16le(bytes, 510) === BOOT_MARK;
  return isDisk || SCATTERING.some((magic) => hasMagic(bytes, magic));
}

/** A directory and nothing before it, nor an entry behind it: what programs keep of an archive that lies elsewhere. */
function isDirectoryAlone(bytes: Buffer): boolean {
  return bytes.indexOf(RECORD) === 0 && !bytes.includes(LOCAL_HEADER);
}

/** Reads the entries of one archive. */
class ZipWalk {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  readonly #methods: ZipMethods;
  readonly #map: ZipMap;
  readonly #tries: PasswordTries;
  readonly #isScattered: boolean;
  /** Of the data read last among those that reach furthest. */
  #coveredFrom = 0;
  #coveredTo = 0;
  #overlaps = 0;

  constructor({ bytes, name }: Piece, out: Yield, methods: ZipMethods) {
    this.#bytes = viewOf(bytes);
    this.#out = out;
    this.#isScattered = scattersFiles(this.#bytes);
    this.#methods = methods;
    this.#map = mapZip(this.#bytes);
    this.#tries = new PasswordTries(out, [], name);
  }

  async run(): Promise<void> {
    if (isDirectoryAlone(this.#bytes)) {
      return;
    }
    if (this.#map.tooMany) {
      this.#out.cannot('bomb', 'zip archive with too many entries');
    }
    for (const entry of this.#map.entries) {
      this.#out.budget.checkTime();
      if (this.#isInsideAnother(entry)) {
        continue;
      }
      await this.#entry(entry);
      this.#overlaps += Math.max(0, entry.listings - 1);
      if (this.#overlaps >= MAX_OVERLAPS) {
        this.#out.cannot('bomb', 'zip archive with overlapping entries');
        return;
      }
    }
    this.#tellOfFolders();
  }

  /** That an archive was opened shows by what came out of it, and of one that holds folders only nothing does. */
  #tellOfFolders(): void {
    const [folder] = this.#map.entries;
    const isFolders = this.#map.entries.every(({ claims }) => claims.every(isFolder));
    if (folder?.inDirectory === true && isFolders) {
      this.#out.emit(folder.claims[0]?.name.toString() ?? '', NOTHING);
    }
  }

  /**
   * What lies inside data already read comes out again when that data is unpacked. An overlap it is only when a
   * directory outside that data points into it, and when it ends there as well: data that begin too early are those
   * of a copy from which something was cut.
   */
  #isInsideAnother(entry: ZipEntry): boolean {
    if (entry.at >= this.#coveredTo || entry.at < this.#coveredFrom) {
      return false; // behind that data, or in a header in front of it
    }
    const pointedAt = entry.inDirectory && entry.claims.some(({ recordAt }) => recordAt >= this.#coveredTo);
    this.#overlaps += pointedAt && !this.#reachesBeyond(entry) ? 1 : 0;
    return !pointedAt;
  }

  #reachesBeyond({ dataAt, claims }: ZipEntry): boolean {
    return claims.every(({ packed }) => dataAt + packed > this.#coveredTo);
  }

  async #entry(entry: ZipEntry): Promise<void> {
    const encryptedClaims = entry.claims.filter(isEncrypted);
    const doubtful = encryptedClaims.length < entry.claims.length;
    const plain = await this.#readPlain(entry, this.#bytes.subarray(entry.dataAt));
    const verified = plain.filter((reading) => reading.verified);
    if (encryptedClaims.length === 0 || verified.length > 0) {
      this.#emitPlain(entry, plain, verified.length > 0);
      return;
    }
    if (doubtful) {
      this.#emitPlain(entry, plain, true); // one header says plain: some reader opens it without a password
    }
    await this.#encrypted(entry, encryptedClaims);
  }

  async #readPlain(entry: ZipEntry, data: Buffer): Promise<Reading[]> {
    const readings: Reading[] = [];
    for (const method of this.#plainMethods(entry.claims)) {
      readings.push(await this.#readAs(method, entry, data));
    }
    if (readings.length === 1 && entry.claims[0]?.method === STORED && !readings[0]?.verified) {
      // every header may lie: what inflates to the stated checksum was deflated
      const deflated = await this.#readAs(DEFLATE, entry, data);
      readings.push(...(deflated.verified ? [deflated] : []));
    }
    return readings;
  }

  async #readAs(method: number, entry: ZipEntry, data: Buffer): Promise<Reading> {
    const inflated = await this.#methods.read(data, method, this.#sizes(entry, method), this.#out.budget);
    const verified = entry.claims.some(({ crc }) => matchesCrc(inflated.bytes, crc));
    return { inflated, verified: verified && inflated.bytes.length > 0 };
  }

  /** Every method that a header names; a name nobody knows may be a lie about stored or deflated data. */
  #plainMethods(claims: readonly ZipClaim[]): number[] {
    const named = unique(claims.map((claim) => claim.method));
    const known = named.filter(isKnownMethod);
    const lies = known.length < named.length ? [DEFLATE, STORED] : [];
    return unique([...known, ...lies]);
  }

  /** The most generous sizes that the headers allow: the longest stored reading contains the shorter ones. */
  #sizes(entry: ZipEntry, method: number): ZipSizes {
    const left = this.#bytes.length - entry.dataAt;
    const fitting = entry.claims.map(({ packed }) => packed).filter((packed) => packed > 0 && packed <= left);
    const toNext = Math.max(0, nextRecord(this.#map.records, entry.dataAt) - entry.dataAt);
    const claimed = Math.max(0, ...fitting);
    const lying =
      fitting.length === 0 && entry.claims.some((claim) => claim.packed > left || hasDescriptor(claim));
    const size = Math.max(0, ...entry.claims.map((claim) => claim.size));
    const stored = Math.max(claimed, size <= left ? size : 0);
    const packed = lying || claimed === 0 ? toNext : method === STORED ? stored : claimed;
    const { crc = 0, flags = 0 } = entry.claims.find((claim) => claim.method === method) ?? {};
    return { packed, size, crc, flags };
  }

  #emitPlain(entry: ZipEntry, readings: readonly Reading[], oneIsRight: boolean): void {
    const name = entry.claims[0]?.name.toString() ?? '';
    const complete = readings.some(
      ({ inflated }) => inflated.end === 'complete' && inflated.bytes.length > 0,
    );
    const unknown = entry.claims.some(({ method }) => !isKnownMethod(method));
    for (const { inflated } of readings) {
      const isSettled = complete || oneIsRight || this.#isScattered || !this.#isTrusted(entry);
      const settled = isSettled && inflated.end !== 'capped';
      emitStream(this.#out, name, settled ? { ...inflated, end: 'complete' } : inflated, 'zip entry');
      this.#cover(entry, inflated);
    }
    if (unknown && !oneIsRight && !this.#isScattered) {
      this.#out.cannot('malformed', 'zip entry with an unknown compression method');
    }
  }

  /** A carved header behind other data may be an accident; its failure says nothing about the piece. */
  #isTrusted(entry: ZipEntry): boolean {
    const saysEmpty = entry.claims.every(
      (claim) => claim.packed === 0 && claim.size === 0 && !hasDescriptor(claim),
    );
    return (entry.inDirectory || entry.at === 0) && !saysEmpty;
  }

  #cover({ dataAt }: ZipEntry, { end, consumed }: Inflated): void {
    if (end === 'complete' && dataAt + consumed > this.#coveredTo) {
      this.#coveredFrom = Math.max(dataAt, this.#coveredTo);
      this.#coveredTo = dataAt + consumed;
    }
  }

  async #encrypted(entry: ZipEntry, claims: readonly ZipClaim[]): Promise<void> {
    const different = [...new Map(claims.map((claim) => [lockOf(claim), claim])).values()];
    for (const password of this.#tries.candidates()) {
      for (const claim of different) {
        const reading = await this.#decrypt(entry, claim, password);
        if (reading !== undefined) {
          this.#tries.worked(password);
          emitStream(this.#out, claim.name.toString(), reading, 'zip entry');
          return;
        }
      }
    }
    if (this.#isTrusted(entry)) {
      this.#out.cannot('encrypted', 'zip entry is encrypted');
    }
  }

  async #decrypt(entry: ZipEntry, claim: ZipClaim, password: string): Promise<Inflated | undefined> {
    const { packed, size } = this.#sizes(entry, claim.method);
    const data = this.#bytes.subarray(entry.dataAt, entry.dataAt + packed);
    const aes = extraField(claim.extra, AES_EXTRA);
    if (claim.method === AES && aes !== undefined) {
      const { strength, method } = readAesExtra(aes);
      const plain = decryptZipAes(data, password, strength);
      return plain === undefined
        ? undefined
        : this.#decode(plain, method, { ...claim, packed: plain.length, size });
    }
    const checks = [claim.crc >>> 24, claim.time >> 8];
    const plain = decryptZipCrypto(data, password, checks);
    if (plain === undefined) {
      return undefined;
    }
    const reading = await this.#decode(plain, claim.method, { ...claim, packed: plain.length, size });
    const crcs = entry.claims.map(({ crc }) => crc).filter((crc) => crc !== 0);
    // One byte of check lets 1 of 256 wrong passwords through.
    return crcs.length === 0 || crcs.some((crc) => matchesCrc(reading.bytes, crc)) ? reading : undefined;
  }

  #decode(plain: Buffer, method: number, sizes: ZipSizes): Promise<Inflated> {
    return this.#methods.read(plain, isKnownMethod(method) ? method : DEFLATE, sizes, this.#out.budget);
  }
}

/**
 * Zip archives, and everything built on them (OOXML, ODF, JAR, APK): the union of all directory entries and all
 * local headers anywhere in the bytes, each read with every method that a header names.
 */
export function createZipUnpacker(sevenZip: SevenZip, marks: MarkIndex): Unpacker {
  const mayBeZip = createZipTest(marks);
  const methods = new ZipMethods(sevenZip);
  return {
    name: 'zip',
    recognises: ({ bytes }: Piece) => bytes.length >= 30 && mayBeZip(bytes),
    unpack: (piece: Piece, out: Yield) => new ZipWalk(piece, out, methods).run(),
  };
}
