import type { Budget } from '../budget.ts';
import { keptStretches } from '../raw-remainder.ts';
import { base64Readings } from './base64-readings.ts';
import { viewOf } from '../unpack/byte-view.ts';
import { textWithoutUu } from '../unpack/whole-uu.ts';
import { leafPiece } from './leaf-piece.ts';
import type { MimeSink, MimeSource } from './mime-sink.ts';
import type { Span } from './multipart.ts';
import { looksQuotedPrintable, quotedPrintableReadings } from './quoted-printable.ts';
import { nextLine, tolerantLineStart } from './tolerant-split.ts';
import type { WalkMemory } from './walk-memory.ts';

const DASHES = Buffer.from('--');

/** A segment is worth reading as a part when a content field stands near its start. */
const SEGMENT_LOOK_BYTES = 2048;
const CONTENT_FIELD = /content-?(?:type|transfe|dispo)/i;

/** A run of base64 shorter than this carries nothing: 16 characters are 12 bytes. */
const MIN_RUN_CHARACTERS = 16;

/** 1: base64 alphabet and padding; 2: line break; 3: blank or quote mark at a line's edge; 0: anything else. */
const KIND = new Uint8Array(256);
for (const letter of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=')) {
  KIND[letter] = 1;
}
KIND[0x0a] = 2;
KIND[0x0d] = 2;
KIND[0x20] = 3;
KIND[0x09] = 3;
KIND[0x3e] = 3;

/** Looks at a message without regard to its structure: every `--` line may split, every coded run is decoded. */
export class BlindPass {
  readonly #source: MimeSource;
  readonly #budget: Budget;
  readonly #sink: MimeSink;
  readonly #memory: WalkMemory;

  constructor(source: MimeSource, budget: Budget, sink: MimeSink, memory: WalkMemory) {
    this.#source = source;
    this.#budget = budget;
    this.#sink = sink;
    this.#memory = memory;
  }

  /** `readEntity` reads a segment that may be a part. */
  run(readEntity: (span: Span, path: string) => void): void {
    let i = 0;
    for (const segment of dashedSegments(this.#source.bytes)) {
      if (this.#mayBePart(segment)) {
        i += 1;
        readEntity(segment, `blind.${i}`);
      }
    }
    this.#base64Runs();
    this.#quotedPrintable();
  }

  #mayBePart(span: Span): boolean {
    const end = Math.min(span.end, span.start + SEGMENT_LOOK_BYTES);
    return CONTENT_FIELD.test(
      this.#source.bytes.toString('latin1', span.start, end).replace(/[\s\0]+|\([^)]*\)/g, ''),
    );
  }

  #base64Runs(): void {
    const covered = this.#memory.decoded.toSorted((a, b) => a.start - b.start);
    for (const gap of gaps(covered, this.#source.bytes.length)) {
      for (const run of base64Runs(this.#source.bytes, gap)) {
        this.#budget.checkTime();
        for (const read of base64Readings(this.#source.bytes, run.start, run.end)) {
          const bytes = read();
          this.#budget.spendBytes(bytes.length);
          const range = { ...run, encoding: 'base64' as const };
          const facts = { range, quotedIn: this.#memory.quotationAt(run) };
          this.#sink.piece(leafPiece(this.#source, 'blind.base64', bytes, facts), false, true, read);
        }
      }
    }
  }

  #quotedPrintable(): void {
    const { decoded, quoted } = this.#memory;
    const kept = keptStretches(this.#source.bytes, [...decoded, ...quoted]);
    const [whole] = kept;
    const all = kept.length === 1 && whole !== undefined ? viewOf(whole) : Buffer.concat(kept);
    const rest = textWithoutUu(all);
    if (!looksQuotedPrintable(rest, 0, rest.length)) {
      return;
    }
    for (const read of quotedPrintableReadings(rest)) {
      this.#budget.checkTime();
      const bytes = read();
      this.#budget.spendBytes(bytes.length);
      this.#sink.piece(leafPiece(this.#source, 'blind.quoted-printable', bytes, {}), true, true, read);
    }
  }
}

/** What is between spans that are sorted by start. */
function gaps(spans: readonly Span[], length: number): Span[] {
  const out: Span[] = [];
  let at = 0;
  for (const span of spans) {
    if (span.start > at) {
      out.push({ start: at, end: span.start });
    }
    at = Math.max(at, span.end);
  }
  out.push({ start: at, end: length });
  return out;
}

/** The source cut at every line that starts with two dashes. */
function* dashedSegments(bytes: Buffer): Generator<Span> {
  let open = 0;
  let at = bytes.indexOf(DASHES);
  while (at !== -1) {
    const next = nextLine(bytes, at, bytes.length);
    const line = tolerantLineStart(bytes, at, 0);
    if (line !== -1) {
      yield { start: open, end: line };
      open = next;
    }
    at = bytes.indexOf(DASHES, next);
  }
  if (open > 0) {
    yield { start: open, end: bytes.length };
  }
}

/** End of the line's content when it is all base64 (blanks and quote marks at its edges forgiven), or -1. */
function codedLineLength(bytes: Buffer, start: number, end: number): number {
  let i = start;
  while (i < end && KIND[bytes[i] ?? 0] === 3) {
    i += 1;
  }
  const from = i;
  while (i < end && KIND[bytes[i] ?? 0] === 1) {
    i += 1;
  }
  const length = i - from;
  while (i < end && KIND[bytes[i] ?? 0] === 3) {
    i += 1;
  }
  return i === end || KIND[bytes[i] ?? 0] === 2 ? length : -1;
}

/** Runs of lines that are nothing but base64. */
function* base64Runs(bytes: Buffer, span: Span): Generator<Span> {
  let runStart = -1;
  let characters = 0;
  let at = span.start;
  while (at < span.end) {
    const length = codedLineLength(bytes, at, span.end);
    const isIn = length > 0 || (length === 0 && runStart !== -1);
    if (!isIn && runStart !== -1 && characters >= MIN_RUN_CHARACTERS) {
      yield { start: runStart, end: at };
    }
    runStart = isIn ? (runStart === -1 ? at : runStart) : -1;
    characters = isIn ? characters + length : 0;
    at = nextLine(bytes, at, span.end);
  }
  if (runStart !== -1 && characters >= MIN_RUN_CHARACTERS) {
    yield { start: runStart, end: span.end };
  }
}
