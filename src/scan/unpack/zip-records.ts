import { hasMagic, latin1, u16le, u32le, u64le, viewOf } from './byte-view.ts';
import type { MarkIndex } from './mark-search.ts';

/** Entries looked at per archive, of each kind. More than the piece limit of a message can ever use. */
export const MAX_ZIP_RECORDS = 10_000;

const LOCAL = Buffer.from('PK\u0003\u0004', 'latin1');
const CENTRAL = Buffer.from('PK\u0001\u0002', 'latin1');
const LETTERS = Buffer.from('PK');
/** What follows the two letters of a local header, a central entry, an end record and a data descriptor. */
const LOCAL_KIND = 0x0403;
const CENTRAL_KIND = 0x0201;
const END_KIND = 0x0605;
const DESCRIPTOR_KIND = 0x0807;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const FLAG_ENCRYPTED = 1;
const FLAG_DESCRIPTOR = 8;

/** What one header, central or local, says about an entry. Nothing in it is trusted. */
export interface ZipClaim {
  readonly flags: number;
  readonly method: number;
  readonly time: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly name: Buffer;
  readonly extra: Buffer;
  /** Where the header itself stands. */
  readonly recordAt: number;
}

export interface CentralClaim extends ZipClaim {
  /** Where the local header is said to be. */
  readonly offset: number;
}

/** One place where an entry's data starts, with everything said about it. */
export interface ZipEntry {
  readonly at: number;
  readonly dataAt: number;
  /** Local header first (if there is one), then each central entry that points here. */
  readonly claims: readonly ZipClaim[];
  readonly inDirectory: boolean;
  /** How often one directory lists these data, under whatever names: once in every archive that a program wrote. */
  readonly listings: number;
}

export interface ZipMap {
  readonly entries: readonly ZipEntry[];
  readonly tooMany: boolean;
  /** Sorted positions of all records, and of the end of the bytes. */
  readonly records: readonly number[];
}

export function isEncrypted(claim: ZipClaim): boolean {
  return (claim.flags & FLAG_ENCRYPTED) !== 0;
}

export function hasDescriptor(claim: ZipClaim): boolean {
  return (claim.flags & FLAG_DESCRIPTOR) !== 0;
}

/** The body of the extra field `id`, or undefined. */
export function extraField(extra: Buffer, id: number): Buffer | undefined {
  for (let at = 0; at + 4 <= extra.length; at += 4 + u16le(extra, at + 2)) {
    if (u16le(extra, at) === id) {
      return extra.subarray(at + 4, at + 4 + u16le(extra, at + 2));
    }
  }
  return undefined;
}

const ZIP64_EXTRA = 0x0001;
const IN_ZIP64 = 0xffff_ffff;

/** Replaces each 32-bit value of all ones by the next 64-bit value of the ZIP64 extra field. */
function widen(values: readonly number[], extra: Buffer): number[] {
  const wide = extraField(extra, ZIP64_EXTRA);
  let at = 0;
  return values.map((value) => {
    if (value !== IN_ZIP64 || wide === undefined || at + 8 > wide.length) {
      return value;
    }
    at += 8;
    return u64le(wide, at - 8);
  });
}

function readLocal(bytes: Buffer, at: number): ZipClaim {
  const nameEnd = at + LOCAL_BYTES + u16le(bytes, at + 26);
  const extra = bytes.subarray(nameEnd, nameEnd + u16le(bytes, at + 28));
  const [size = 0, packed = 0] = widen([u32le(bytes, at + 22), u32le(bytes, at + 18)], extra);
  const name = bytes.subarray(at + LOCAL_BYTES, nameEnd);
  const crc = u32le(bytes, at + 14);
  const head = { flags: u16le(bytes, at + 6), method: u16le(bytes, at + 8), time: u16le(bytes, at + 10) };
  return { ...head, crc, packed, size, name, extra, recordAt: at };
}

function readCentral(bytes: Buffer, at: number): CentralClaim {
  const nameEnd = at + CENTRAL_BYTES + u16le(bytes, at + 28);
  const extra = bytes.subarray(nameEnd, nameEnd + u16le(bytes, at + 30));
  const narrow = [u32le(bytes, at + 24), u32le(bytes, at + 20), u32le(bytes, at + 42)];
  const [size = 0, packed = 0, offset = 0] = widen(narrow, extra);
  const name = bytes.subarray(at + CENTRAL_BYTES, nameEnd);
  const crc = u32le(bytes, at + 16);
  const head = { flags: u16le(bytes, at + 8), method: u16le(bytes, at + 10), time: u16le(bytes, at + 12) };
  return { ...head, crc, packed, size, offset, name, extra, recordAt: at };
}

function dataStart(bytes: Buffer, at: number): number {
  return at + LOCAL_BYTES + u16le(bytes, at + 26) + u16le(bytes, at + 28);
}

/** Of a directory that no end record follows. */
const NO_END = 0;

/**
 * How far the offsets of central entries may be off: not at all, or by what the end record at `end` behind them shows
 * (the bytes before the archive, which self-extractors and concatenated archives have).
 */
function shiftsFor(bytes: Buffer, end: number): number[] {
  if (end === NO_END) {
    return [0];
  }
  const shift = end - u32le(bytes, end + 12) - u32le(bytes, end + 16);
  return shift === 0 ? [0] : [0, shift];
}

/** How often one place was listed by the directory that is being read, and by any one at most. */
interface Listings {
  directoryEnd: number;
  now: number;
  most: number;
}

/** Collects claims per local header position. */
class EntryMap {
  readonly #bytes: Buffer;
  readonly #locals: ReadonlySet<number>;
  readonly #byName = new Map<string, number[]>();
  readonly #claims = new Map<number, CentralClaim[]>();
  readonly #listings = new Map<number, Listings>();

  constructor(bytes: Buffer, locals: readonly number[]) {
    this.#bytes = bytes;
    this.#locals = new Set(locals);
    for (const at of locals) {
      const name = latin1(readLocal(bytes, at).name);
      const known = this.#byName.get(name);
      if (known === undefined) {
        this.#byName.set(name, [at]);
      } else if (known.length < 8) {
        known.push(at);
      }
    }
  }

  /**
   * Every local header that a central entry may mean: at its offset, at the shifted offset, or of its name. The
   * entries of one directory, which ends at `directoryEnd`, are placed one after the other.
   */
  place(claim: CentralClaim, directoryEnd: number): void {
    const moves = shiftsFor(this.#bytes, directoryEnd);
    const at = moves.map((shift) => claim.offset + shift).filter((start) => this.#locals.has(start));
    const named = at.length > 0 ? [] : (this.#byName.get(latin1(claim.name)) ?? []);
    const places = [...at, ...named];
    // A reader that skips the signature check finds an entry whose local signature was destroyed.
    const blind =
      places.length === 0 && claim.offset + LOCAL_BYTES < this.#bytes.length ? [claim.offset] : [];
    for (const place of [...at, ...blind]) {
      this.#count(place, directoryEnd); // a name alone may be that of several files, each with data of its own
    }
    for (const place of [...places, ...blind]) {
      const known = this.#claims.get(place);
      if (known === undefined) {
        this.#claims.set(place, [claim]);
      } else if (known.length < 8) {
        known.push(claim);
      }
    }
  }

  #count(place: number, directoryEnd: number): void {
    const known = this.#listings.get(place) ?? { directoryEnd, now: 0, most: 0 };
    known.now = known.directoryEnd === directoryEnd ? known.now + 1 : 1;
    known.directoryEnd = directoryEnd;
    known.most = Math.max(known.most, known.now);
    this.#listings.set(place, known);
  }

  entries(): ZipEntry[] {
    const places = [...new Set([...this.#locals, ...this.#claims.keys()])].sort((a, b) => a - b);
    return places.map((at) => {
      const central = this.#claims.get(at) ?? [];
      const local = this.#locals.has(at) ? [readLocal(this.#bytes, at)] : [];
      const dataAt = dataStart(this.#bytes, at);
      const listings = this.#listings.get(at)?.most ?? 0;
      return { at, dataAt, claims: [...local, ...central], inDirectory: central.length > 0, listings };
    });
  }
}

/** Methods that were ever assigned (APPNOTE 4.4.5). A directory may name others; a carved header that does is none. */
function isAssigned(method: number): boolean {
  return method <= 20 || (method >= 93 && method <= 99);
}

/** A carved local header must make sense before it counts: any file may contain the four bytes. */
function isPlausibleLocal(bytes: Buffer, at: number): boolean {
  const version = u16le(bytes, at + 4) & 0xff;
  const fits = dataStart(bytes, at) <= bytes.length && u16le(bytes, at + 26) <= 4096;
  return fits && version <= 99 && (at === 0 || isAssigned(u16le(bytes, at + 8)));
}

interface Records {
  readonly locals: readonly number[];
  readonly centrals: readonly number[];
  readonly ends: readonly number[];
  readonly descriptors: readonly number[];
}

/** Where every kind of record stands, at most so many of each and one more, in one pass. */
function recordsIn(bytes: Buffer): Records {
  const found = { locals: [], centrals: [], ends: [], descriptors: [] };
  const byKind = new Map<number, number[]>([
    [LOCAL_KIND, found.locals],
    [CENTRAL_KIND, found.centrals],
    [END_KIND, found.ends],
    [DESCRIPTOR_KIND, found.descriptors],
  ]);
  for (let at = bytes.indexOf(LETTERS); at >= 0; at = bytes.indexOf(LETTERS, at + 2)) {
    const list = byKind.get(u16le(bytes, at + 2));
    if (list !== undefined && list.length <= MAX_ZIP_RECORDS) {
      list.push(at);
    }
  }
  return found;
}

/** The union of what the central directories and the local headers anywhere in the bytes say. */
export function mapZip(input: Uint8Array): ZipMap {
  const bytes = viewOf(input);
  const { locals, centrals, ends, descriptors } = recordsIn(bytes);
  const tooMany = locals.length > MAX_ZIP_RECORDS || centrals.length > MAX_ZIP_RECORDS;
  const map = new EntryMap(
    bytes,
    locals.slice(0, MAX_ZIP_RECORDS).filter((at) => isPlausibleLocal(bytes, at)),
  );
  for (const at of centrals.slice(0, MAX_ZIP_RECORDS)) {
    const end = nextRecord(ends, at);
    map.place(readCentral(bytes, at), end > at ? end : NO_END);
  }
  const records = [...locals, ...centrals, ...ends, ...descriptors, bytes.length].sort((a, b) => a - b);
  return { entries: map.entries(), tooMany, records };
}

/** Tests for anything that the walk could read: a record of either kind, anywhere. */
export function createZipTest(marks: MarkIndex): (input: Uint8Array) => boolean {
  const local = marks.add(LOCAL);
  const central = marks.add(CENTRAL);
  return (input) => hasMagic(input, 'PK\u0003\u0004') || local(input) >= 0 || central(input) >= 0;
}

/** The first record position at or after `at`, or the last one. */
export function nextRecord(positions: readonly number[], at: number): number {
  let low = 0;
  let high = positions.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return positions[low] ?? 0;
}
