import type { Piece } from '../piece.ts';
import { viewOf } from './byte-view.ts';
import type { MarkIndex } from './mark-search.ts';
import type { Unpacker } from './unpacker.ts';

/** Intel hex and Motorola S-records: lines of bytes with their addresses and checksums, which `objcopy` reads. */

/** Records of one file, and characters of one. */
const MAX_RECORDS = 500_000;
const INTEL = /^[ \t]{0,8}:([0-9a-fA-F]{10,522})[ \t]{0,8}\r?$/gm;
const MOTOROLA = /^[ \t]{0,8}S([1-3])([0-9a-fA-F]{8,514})[ \t]{0,8}\r?$/gm;
/** A file ends with such a record: of S-records with one of three, for addresses of two, three and four bytes. */
const ENDS = [':00000001ff', 's9030000fc', 's804000000fb', 's70500000000fa'];
/** Data of S-records at the beginning of a line, with the first digit of a length that such a line has. */
const RECORDS = ['1', '2', '3'].flatMap((kind) => ['0', '1', '2'].map((digit) => `\ns${kind}${digit}`));
/** What a line of base64 hardly ever begins with, unlike the signs above. */
const RECORD_START = /\nS[1-3][0-9a-fA-F]{10}/;
/** Fewer are a quotation. */
const MIN_RECORDS = 3;

interface HexRecord {
  readonly address: number;
  readonly bytes: Buffer;
}

function sumOf(bytes: Buffer): number {
  return bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

function intelRecords(text: string): HexRecord[] {
  const found: HexRecord[] = [];
  let base = 0;
  for (const [, digits = ''] of text.matchAll(INTEL)) {
    const record = Buffer.from(digits, 'hex');
    const kind = record[3] ?? 0;
    const data = record.subarray(4, 4 + (record[0] ?? 0));
    if (sumOf(record) !== 0 || found.length >= MAX_RECORDS) {
      continue;
    }
    if (kind === 0) {
      found.push({ address: base + record.readUInt16BE(1), bytes: data });
    } else if ((kind === 2 || kind === 4) && data.length === 2) {
      base = data.readUInt16BE(0) * (kind === 2 ? 0x10 : 0x1_0000);
    }
  }
  return found;
}

function motorolaRecords(text: string): HexRecord[] {
  const found: HexRecord[] = [];
  for (const [, kind, digits = ''] of text.matchAll(MOTOROLA)) {
    const record = Buffer.from(digits, 'hex');
    const width = Number(kind) + 1;
    const isWhole = record[0] === record.length - 1 && record.length > width + 1;
    if (isWhole && sumOf(record) === 0xff && found.length < MAX_RECORDS) {
      const bytes = record.subarray(1 + width, -1);
      found.push({ address: record.readUIntBE(1, width), bytes });
    }
  }
  return found;
}

/** The bytes in the order of their addresses; gaps are left out. */
function joined(records: readonly HexRecord[]): Buffer {
  const sorted = records.toSorted((a, b) => a.address - b.address);
  return Buffer.concat(sorted.map(({ bytes }) => bytes));
}

function isMotorola(bytes: Uint8Array): boolean {
  return /^S[0-3][0-9a-f]{2}/i.test(viewOf(bytes).toString('latin1', 0, 4));
}

export function createHexRecordsUnpacker(marks: MarkIndex): Unpacker {
  const hasEnd = marks.addWords(ENDS);
  const mayHaveRecords = marks.addWords(RECORDS);
  const hasRecords = (bytes: Uint8Array): boolean =>
    mayHaveRecords(bytes) && RECORD_START.test(viewOf(bytes).toString('latin1'));
  return {
    name: 'hex-records',
    recognises: ({ bytes }: Piece) => hasEnd(bytes) || isMotorola(bytes) || hasRecords(bytes),
    unpack: ({ bytes }, out) => {
      const text = viewOf(bytes).toString('latin1');
      for (const records of [intelRecords(text), motorolaRecords(text)]) {
        out.budget.checkTime();
        if (records.length >= MIN_RECORDS) {
          out.emit('records', joined(records));
        }
      }
    },
  };
}
