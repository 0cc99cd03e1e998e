import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a zip built for a test; what the headers say can differ from what is there. */
export interface TestEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly method?: 0 | 8;
  /** Fields that the local header states instead of the truth. */
  readonly local?: Partial<TestHeader>;
  /** Fields that the central header states instead of the truth. */
  readonly central?: Partial<TestHeader> & { readonly offset?: number };
  /** Left out of the directory, or of the data. */
  readonly only?: 'local' | 'central';
}

interface TestHeader {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly name: string;
}

function fields(header: TestHeader): Buffer {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt16LE(header.flags, 2);
  bytes.writeUInt16LE(header.method, 4);
  bytes.writeUInt32LE(header.crc, 10);
  bytes.writeUInt32LE(header.packed, 14);
  bytes.writeUInt32LE(header.size, 18);
  return bytes;
}

function lengths(name: string, tail: number): Buffer {
  const bytes = Buffer.alloc(4 + tail);
  bytes.writeUInt16LE(Buffer.byteLength(name), 0);
  return bytes;
}

function offsetTail(name: string, offset: number): Buffer {
  const bytes = lengths(name, 14);
  bytes.writeUInt32LE(offset, 14);
  return bytes;
}

export interface TestEnd {
  readonly disk?: number;
  readonly entries?: number;
  readonly directoryAt?: number;
  readonly comment?: string;
  /** No directory and no end record. */
  readonly none?: boolean;
}

function endRecord(count: number, bytes: number, at: number, end: TestEnd): Buffer {
  const record = Buffer.alloc(22);
  record.write('PK\u0005\u0006', 'latin1');
  record.writeUInt16LE(end.disk ?? 0, 4);
  record.writeUInt16LE(end.entries ?? count, 8);
  record.writeUInt16LE(end.entries ?? count, 10);
  record.writeUInt32LE(bytes, 12);
  record.writeUInt32LE(end.directoryAt ?? at, 16);
  const comment = Buffer.from(end.comment ?? '');
  record.writeUInt16LE(comment.length, 20);
  return Buffer.concat([record, comment]);
}

/** Builds a zip archive, regular or lying. */
export function buildZip(entries: readonly TestEntry[], end: TestEnd = {}): Buffer {
  const body: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const method = entry.method ?? 8;
    const data = method === 8 ? deflateRawSync(entry.content) : entry.content;
    const sizes = { packed: data.length, size: entry.content.length, crc: crc32(entry.content) };
    const truth: TestHeader = { flags: 0, method, name: entry.name, ...sizes };
    const local = { ...truth, ...entry.local };
    const central = { ...truth, offset, ...entry.central };
    const head = [Buffer.from('PK\u0003\u0004', 'latin1'), fields(local), lengths(local.name, 0)];
    const record = Buffer.concat([...head, Buffer.from(local.name), data]);
    if (entry.only !== 'central') {
      body.push(record);
      offset += record.length;
    }
    if (entry.only !== 'local') {
      const mark = Buffer.from('PK\u0001\u0002\u003f\u0000', 'latin1');
      const tail = [offsetTail(central.name, central.offset), Buffer.from(central.name)];
      directory.push(Buffer.concat([mark, fields(central), ...tail]));
    }
  }
  const listed = Buffer.concat(directory);
  const tail = end.none === true ? [] : [listed, endRecord(directory.length, listed.length, offset, end)];
  return Buffer.concat([...body, ...tail]);
}

/** Entries that all use one kernel, each through a chain of stored blocks that quote the headers before it. */
export function overlappingZip(count: number): Buffer {
  const kernel = deflateRawSync(Buffer.alloc(3_000_000));
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const isLast = index === count - 1;
    const local = Buffer.alloc(31 + (isLast ? 0 : 5));
    local.write('PK\u0003\u0004', 'latin1');
    local.writeUInt16LE(8, 8);
    local.writeUInt16LE(1, 26);
    local.write(String.fromCharCode(65 + (index % 26)), 30);
    if (!isLast) {
      local.writeUInt16LE(31, 32); // a stored block that quotes the next header
      local.writeUInt16LE(~31 & 0xffff, 34);
    }
    locals.push(local);
    const central = Buffer.alloc(47);
    central.write('PK\u0001\u0002', 'latin1');
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(kernel.length, 20);
    central.writeUInt32LE(3_000_000, 24);
    central.writeUInt16LE(1, 28);
    central.writeUInt32LE(at, 42);
    entries.push(central);
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  return Buffer.concat([...locals, kernel, ...entries, end]);
}
