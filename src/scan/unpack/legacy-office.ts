import { u16le, u32le } from './byte-view.ts';
import type { LegacyLock } from './legacy-lock.ts';
import { type BlockKeys, decryptBlocks, readRc4Lock } from './office-rc4.ts';
import { xorDecryptor, xorKey, xorVerifier } from './office-xor.ts';
import { presentationLock } from './ppt-encryption.ts';
import { PICTURES } from './ppt-pictures.ts';

/** Finds another stream of the same file. */
export type StreamOf = (name: string) => Buffer | undefined;

const FILEPASS = 0x2f;
const BOUND_SHEET = 0x85;
/** Records that are never encrypted (MS-XLS 2.2.10): BOF, FilePass, and those that other programs read. */
const PLAIN_RECORDS: ReadonlySet<number> = new Set([0x809, FILEPASS, 0xe1, 0x138, 0x194, 0x195, 0x196]);
const RECORD_HEADER = 4;
/** FILEPASS stands among the first records of a workbook, behind BOF. */
const FIRST_RECORDS = 8;
const SHEET_BLOCK = 1024;
const WORD_BLOCK = 512;
/** The part of a Word document that says how it is encrypted. */
const PLAIN_WORD_BYTES = 68;

interface SheetRecord {
  readonly type: number;
  /** Where its data begins and ends in the stream. */
  readonly at: number;
  readonly end: number;
}

function* records(sheet: Buffer): Generator<SheetRecord, void, void> {
  for (let at = 0; at + RECORD_HEADER <= sheet.length;) {
    const end = Math.min(sheet.length, at + RECORD_HEADER + u16le(sheet, at + 2));
    yield { type: u16le(sheet, at), at: at + RECORD_HEADER, end };
    at = end;
  }
}

function filepassOf(sheet: Buffer): Buffer | undefined {
  let count = 0;
  for (const { type, at, end } of records(sheet)) {
    if (type === FILEPASS) {
      return sheet.subarray(at, end);
    }
    count += 1;
    if (count >= FIRST_RECORDS) {
      return undefined;
    }
  }
  return undefined;
}

/** Where the encrypted data of a record begins: the place of a sheet stays readable. */
function sealedFrom({ type, at, end }: SheetRecord): number {
  return PLAIN_RECORDS.has(type) ? end : type === BOUND_SHEET ? Math.min(end, at + 4) : at;
}

/** The cipher runs over headers and plain records as well, but those are not changed. */
function decryptSheet(sheet: Buffer, keys: BlockKeys): Buffer {
  const decrypted = decryptBlocks(sheet, keys, SHEET_BLOCK);
  const plain = Buffer.from(sheet);
  for (const record of records(sheet)) {
    decrypted.copy(plain, sealedFrom(record), sealedFrom(record), record.end);
  }
  return plain;
}

function uncoverSheet(sheet: Buffer, password: string): Buffer {
  const decrypt = xorDecryptor(password);
  const plain = Buffer.from(sheet);
  for (const record of records(sheet)) {
    if (!PLAIN_RECORDS.has(record.type)) {
      decrypt(plain.subarray(record.at, record.end), record.at);
      sheet.copy(plain, record.at, record.at, sealedFrom(record));
    }
  }
  return plain;
}

function xorLock(name: string, sheet: Buffer, filepass: Buffer): LegacyLock {
  const claims = filepass.subarray(filepass.length === 4 ? 0 : 2);
  return (password) => {
    const isRight =
      password !== '' && u16le(claims, 0) === xorKey(password) && u16le(claims, 2) === xorVerifier(password);
    return isRight ? [{ name, bytes: uncoverSheet(sheet, password) }] : undefined;
  };
}

/** In a scheme that is not known every password is wrong. */
const closed: LegacyLock = () => undefined;

function sheetLock(name: string, sheet: Buffer): LegacyLock | undefined {
  const filepass = filepassOf(sheet);
  if (filepass === undefined) {
    return undefined;
  }
  if (filepass.length === 4 || u16le(filepass, 0) === 0) {
    return xorLock(name, sheet, filepass);
  }
  const lock = readRc4Lock(filepass.subarray(2));
  return (password) => {
    const keys = lock?.(password);
    return keys === undefined ? undefined : [{ name, bytes: decryptSheet(sheet, keys) }];
  };
}

const WORD_MAGIC = 0xa5ec;
const WORD_ENCRYPTED = 0x0100;
const WORD_TABLE_ONE = 0x0200;
const WORD_OBFUSCATED = 0x8000;

function wordLock(name: string, document: Buffer, streamOf: StreamOf): LegacyLock | undefined {
  const flags = u16le(document, 10);
  if (u16le(document, 0) !== WORD_MAGIC || (flags & WORD_ENCRYPTED) === 0) {
    return undefined;
  }
  const tableName = (flags & WORD_TABLE_ONE) === 0 ? '0Table' : '1Table';
  const table = streamOf(tableName);
  const lock = table === undefined || (flags & WORD_OBFUSCATED) !== 0 ? undefined : readRc4Lock(table);
  if (table === undefined || lock === undefined) {
    return closed;
  }
  const data = streamOf('Data') ?? Buffer.alloc(0);
  return (password) => {
    const keys = lock(password);
    if (keys === undefined) {
      return undefined;
    }
    const head = document.subarray(0, PLAIN_WORD_BYTES);
    const body = decryptBlocks(document, keys, WORD_BLOCK).subarray(PLAIN_WORD_BYTES);
    const header = Math.min(table.length, u32le(document, 14));
    return [
      { name, bytes: Buffer.concat([head, body]) },
      { name: tableName, bytes: decryptBlocks(table, keys, WORD_BLOCK).subarray(header) },
      { name: 'Data', bytes: decryptBlocks(data, keys, WORD_BLOCK) },
    ];
  };
}

/** The lock of the document whose main stream this is; undefined when it is none, or not encrypted. */
export function legacyLock(name: string, bytes: Buffer, streamOf: StreamOf): LegacyLock | undefined {
  switch (name.toLowerCase()) {
    case 'workbook':
    case 'book':
      return sheetLock(name, bytes);
    case 'worddocument':
      return wordLock(name, bytes, streamOf);
    case 'powerpoint document':
      return presentationLock(name, bytes, streamOf(PICTURES));
    default:
      return undefined;
  }
}
