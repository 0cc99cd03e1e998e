import type { Piece } from '../piece.ts';
import { latin1, u32le, u8, viewOf } from './byte-view.ts';
import { readPackage } from './ole-objects.ts';
import { rtfTexts } from './rtf-text.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Digits of the shortest hex run that is read outside an object. */
const MIN_RUN_DIGITS = 64;
/** Objects and runs of one document. */
const MAX_OBJECTS = 500;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Value of each hex digit; blanks are 254, everything else 255. */
const HEX = Uint8Array.from({ length: 256 }, (_, code) => hexValue(String.fromCharCode(code)));

function hexValue(character: string): number {
  if (/[0-9a-fA-F]/.test(character)) {
    return Number.parseInt(character, 16);
  }
  return /\s|\0/.test(character) ? 254 : 255;
}

/** Collects digits to bytes. */
class HexSink {
  #bytes = Buffer.alloc(1024);
  #digits = 0;

  get digits(): number {
    return this.#digits;
  }

  put(value: number): void {
    const at = this.#digits >> 1;
    if (at >= this.#bytes.length) {
      const grown = Buffer.alloc(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[at] = (this.#digits & 1) === 0 ? value << 4 : u8(this.#bytes, at) | value;
    this.#digits += 1;
  }

  putRaw(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.put(byte >> 4);
      this.put(byte & 15);
    }
  }

  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#digits >> 1));
    this.#digits = 0;
    return taken;
  }
}

interface ControlWord {
  readonly word: string;
  readonly parameter: number;
  /** Behind the word and the blank that ends it. */
  readonly end: number;
}

/** A control word is at most 32 letters, its number at most 10 digits in any writer's output. */
function readControl(text: string, at: number): ControlWord {
  const match = /^\\([a-zA-Z]{1,64})(-?\d{1,20})? ?/.exec(text.slice(at, at + 90));
  if (match === null) {
    // \'hh and one-character symbols.
    return { word: text[at + 1] ?? '', parameter: 0, end: at + (text[at + 1] === "'" ? 4 : 2) };
  }
  return { word: match[1] ?? '', parameter: Number(match[2] ?? 0), end: at + match[0].length };
}

/** What readers take for data and others pass over; writers of exploits rely on either. */
interface Counted {
  /** Digits in inner groups: readers skip unknown destinations in them. */
  readonly nested: boolean;
  /** The two digits of a character, `\'hh`. */
  readonly characters: boolean;
}

const QUOTE = 0x27;

/** Hex digits from `start` to the end of the group, less control words and blanks. */
function readObject(
  bytes: Buffer,
  text: string,
  start: number,
  { nested, characters }: Counted,
): { data: Buffer; end: number; hasCharacters: boolean } {
  const sink = new HexSink();
  let depth = 0;
  let at = start;
  let hasCharacters = false;
  while (at < bytes.length && depth >= 0) {
    const byte = u8(bytes, at);
    const value = HEX[byte] ?? 255;
    const isCharacter = byte === BACKSLASH && u8(bytes, at + 1) === QUOTE;
    hasCharacters ||= isCharacter;
    if (isCharacter && characters) {
      at += 2; // its digits are those of any byte
      continue;
    }
    if (byte === BACKSLASH) {
      const control = readControl(text, at);
      at = control.end;
      if (control.word === 'bin' && control.parameter > 0) {
        sink.putRaw(bytes.subarray(at, at + control.parameter));
        at += control.parameter;
      }
      continue;
    }
    depth += byte === OPEN ? 1 : byte === CLOSE ? -1 : 0;
    if (value < 16 && (nested || depth === 0)) {
      sink.put(value);
    }
    at += 1;
  }
  return { data: sink.take(), end: at, hasCharacters };
}

/** OLE 1 framing of object data: version, format, class name, two more strings, size, data (MS-OLEDS 2.2.5). */
function readOle1(data: Buffer): Buffer | undefined {
  let at = 8;
  const name = latin1(data, 12, 12 + Math.min(u32le(data, 8), 64));
  for (let i = 0; i < 3; i += 1) {
    at += 4 + u32le(data, at);
  }
  if (u32le(data, 4) !== 2 || at + 4 > data.length) {
    return undefined;
  }
  const native = data.subarray(at + 4, at + 4 + u32le(data, at));
  return name.startsWith('Package') ? (readPackage(native, 0)?.bytes ?? native) : native;
}

function emitObject(data: Buffer, out: Yield): void {
  if (data.length === 0) {
    return;
  }
  out.emit('objdata', data);
  const inner = readOle1(data);
  if (inner !== undefined && inner.length > 0) {
    out.emit('object', inner);
  }
}

/** Each distinct one. */
function emitReadings(readings: readonly Buffer[], out: Yield): void {
  for (const [index, data] of readings.entries()) {
    if (!readings.slice(0, index).some((before) => before.equals(data))) {
      emitObject(data, out);
    }
  }
}

/** Where an object's data begins: behind every `\objdata`, spelled with any case or blanks a reader accepts. */
function unpackObjects(bytes: Buffer, text: string, out: Yield): void {
  const word = /\\objdata(?:-?\d{1,10})?/gi;
  let found = 0;
  let coveredTo = 0;
  for (let match = word.exec(text); match !== null && found < MAX_OBJECTS; match = word.exec(text)) {
    if (match.index < coveredTo) {
      continue; // inside data that was read already
    }
    found += 1;
    out.budget.checkTime();
    const start = match.index + match[0].length;
    const outer = readObject(bytes, text, start, { nested: false, characters: false });
    const readings = [outer, readObject(bytes, text, start, { nested: true, characters: false })];
    if (outer.hasCharacters) {
      readings.push(
        readObject(bytes, text, start, { nested: false, characters: true }),
        readObject(bytes, text, start, { nested: true, characters: true }),
      );
    }
    coveredTo = outer.end;
    emitReadings(
      readings.map(({ data }) => data),
      out,
    );
  }
}

/** Every long run of hex digits, whatever control words and blanks stand between them. */
function unpackRuns(bytes: Buffer, text: string, out: Yield): void {
  const sink = new HexSink();
  let found = 0;
  const flush = (): void => {
    const long = sink.digits >= MIN_RUN_DIGITS;
    const data = sink.take();
    if (long && found < MAX_OBJECTS) {
      found += 1;
      out.emit('hex', data);
    }
  };
  for (let at = 0; at < bytes.length;) {
    const byte = u8(bytes, at);
    const value = HEX[byte] ?? 255;
    if (value < 16) {
      sink.put(value);
    } else if (byte === BACKSLASH) {
      at = readControl(text, at).end;
      continue;
    } else if (value === 255 && byte !== OPEN && byte !== CLOSE) {
      flush();
    }
    at += 1;
  }
  flush();
}

const MAGIC = Buffer.from('{\\rt');
/** Readers skip blanks and more before the first brace. */
const MAGIC_WITHIN = 1024;

/** Rich text: embedded objects, every other long hex run, and what a reader shows. */
export function createRtfUnpacker(): Unpacker {
  return {
    name: 'rtf',
    recognises: ({ bytes }: Piece) => viewOf(bytes.subarray(0, MAGIC_WITHIN)).includes(MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const view = viewOf(bytes);
      const text = latin1(view);
      unpackObjects(view, text, out);
      unpackRuns(view, text, out);
      out.budget.checkTime();
      for (const shown of rtfTexts(view, text)) {
        out.emit('shown', shown);
      }
    },
  };
}
