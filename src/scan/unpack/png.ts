import type { Piece } from '../piece.ts';
import { hasMagic, latin1, u32be, u8, viewOf } from './byte-view.ts';
import { inflateZlib, isZlibHeader } from './decompress.ts';
import { reportEnd, reportRatio } from './emission.ts';
import { hasKnownStart } from './known-start.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { looksLikeText } from './script-text.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const MAGIC = '\u0089PNG\r\n\u001a\n';
const HEADER_BYTES = 8;
/** Length and type before the data of a chunk, the checksum behind it. */
const CHUNK_HEAD = 8;
const CHUNK_FRAME = 12;
/** Chunks of one picture; encoders write one of 8 KiB or more for the data, and a handful of others. */
const MAX_CHUNKS = 10_000;
/** Compressed texts of one picture. */
const MAX_TEXTS = 500;
/** Keyword of a text, and language and translated keyword of an international one (PNG 11.3.3). */
const MAX_KEYWORD = 1024;
/** Compressed bytes of the picture itself that are looked at, and what they give at most. */
const PROBE_INPUT = 2048;
const PROBE_OUTPUT = 4096;

/** Where the compressed part of a text chunk begins, or undefined when it has none. */
function textStart(type: string, data: Buffer): number | undefined {
  const keyword = data.subarray(0, MAX_KEYWORD).indexOf(0);
  if (keyword < 0) {
    return undefined;
  }
  if (type !== 'iTXt') {
    return keyword + 2; // the method, which is always zlib
  }
  const language = data.subarray(0, MAX_KEYWORD).indexOf(0, keyword + 3);
  const translated = language < 0 ? -1 : data.subarray(0, MAX_KEYWORD).indexOf(0, language + 1);
  return translated < 0 || u8(data, keyword + 1) === 0 ? undefined : translated + 1;
}

const TEXTS: ReadonlySet<string> = new Set(['zTXt', 'iTXt', 'iCCP']);

/** Reads the chunks of one picture. */
class PngWalk {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  readonly #joiner: PieceJoiner;
  readonly #picture: Buffer[] = [];
  #texts = 0;

  constructor(bytes: Buffer, out: Yield) {
    this.#bytes = bytes;
    this.#out = out;
    this.#joiner = new PieceJoiner(out, 'text');
  }

  run(): void {
    let at = HEADER_BYTES;
    for (let count = 1; at + CHUNK_FRAME <= this.#bytes.length; count += 1) {
      if (count > MAX_CHUNKS) {
        this.#out.cannot('bomb', `a picture with more than ${MAX_CHUNKS} chunks`);
        break;
      }
      const length = u32be(this.#bytes, at);
      const type = latin1(this.#bytes, at + 4, at + CHUNK_HEAD);
      const data = this.#bytes.subarray(at + CHUNK_HEAD, at + CHUNK_HEAD + length);
      if (type === 'IEND') {
        break;
      }
      this.#chunk(type, data);
      at += CHUNK_FRAME + length;
    }
    this.#openPicture();
    this.#joiner.flush();
  }

  #chunk(type: string, data: Buffer): void {
    if (type === 'IDAT') {
      this.#picture.push(data);
    } else if (TEXTS.has(type)) {
      this.#texts += 1;
      if (this.#texts > MAX_TEXTS) {
        this.#tellOfTexts();
        return;
      }
      const start = textStart(type, data);
      this.#joiner.add(start === undefined ? Buffer.alloc(0) : this.#inflate(data.subarray(start)));
    }
  }

  #tellOfTexts(): void {
    if (this.#texts === MAX_TEXTS + 1) {
      this.#out.cannot('bomb', `a picture with more than ${MAX_TEXTS} compressed texts`);
    }
  }

  /** A damaged text is no fault of the picture; a bomb is told. */
  #inflate(packed: Buffer): Buffer {
    this.#out.budget.checkTime();
    const { bytes, consumed, end } = inflateZlib(packed, this.#out.budget.objectAllowance());
    this.#out.budget.spendBytes(bytes.length);
    reportRatio(this.#out, 'PNG text', consumed, bytes.length);
    if (end === 'capped') {
      reportEnd(this.#out, 'PNG text', end);
    }
    return bytes;
  }

  /** Pixels are left alone: only a first row of text or of some file is worth the rest. */
  #openPicture(): void {
    const [first = Buffer.alloc(0)] = this.#picture;
    const start = first.length < PROBE_INPUT ? Buffer.concat(this.#picture.slice(0, 16)) : first;
    const probe = isZlibHeader(start)
      ? inflateZlib(start.subarray(0, PROBE_INPUT), PROBE_OUTPUT).bytes
      : Buffer.alloc(0);
    const row = probe.subarray(1); // behind the filter of the row
    if (looksLikeText(row) || hasKnownStart(row)) {
      this.#joiner.add(this.#inflate(Buffer.concat(this.#picture)));
    }
  }
}

/** PNG pictures: compressed texts and profiles, and picture data that is none. Pixels are never decoded. */
export function createPngUnpacker(): Unpacker {
  return {
    name: 'png',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => new PngWalk(viewOf(bytes), out).run(),
  };
}
