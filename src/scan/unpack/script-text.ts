import type { Piece } from '../piece.ts';
import { ReadingAllowance } from '../reading-allowance.ts';
import { AnnouncedTexts } from './announced-texts.ts';
import { bareDeflate } from './bare-deflate.ts';
import { latin1, u8, viewOf } from './byte-view.ts';
import { decodedRun, readsLikeWords } from './encoded-run.ts';
import { FoldedWord } from './folded-word.ts';
import { HostTexts } from './host-texts.ts';
import { hexPairs } from './hex-pairs.ts';
import type { MarkFinder, MarkIndex } from './mark-search.ts';
import { LookupArrays } from './lookup-arrays.ts';
import { numberArrays } from './number-arrays.ts';
import { numberLists } from './number-lists.ts';
import { packedCodes } from './packed-codes.ts';
import { packedLiterals } from './packed-literals.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { hexLines, withoutLeadingWords } from './run-lines.ts';
import { ScriptNumbers } from './script-numbers.ts';
import { changedCodes } from './script-tricks.ts';
import { TextFamily } from './text-family.ts';
import { type Base64Alphabet, type TextRun, base64Runs, base64Stretches } from './text-runs.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Shortest base64 or hex run that is decoded wherever it stands, characters (evasion notes section 4). */
const MIN_RUN = 64;
/** Shortest run behind a word that announces base64. */
const MIN_ANNOUNCED = 12;
/** Shortest array of character codes. */
const MIN_NUMBERS = 12;
/** Fewest pairs of hex digits with something between them: addresses and digests of keys are shorter. */
const MIN_PAIRS = 24;
const SEMICOLON = 0x3b;
/** Bytes looked at to tell text from data. */
const SAMPLE_BYTES = 1024;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;
const PLUS = 0x2b;
const SLASH = 0x2f;
/** Runs that become pieces of their own before small ones are joined. */
const SINGLE_RUNS = 64;

/** Control characters that no text uses: one in fifty is tolerated. */
const MAX_CONTROL_SHARE = 0.02;

const IS_CONTROL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 && ![9, 10, 12, 13, 27].includes(byte) ? 1 : 0,
);

/** Of the first `length` bytes. */
function controlShare(bytes: Uint8Array, length: number): number {
  let controls = 0;
  for (let at = 0; at < length; at += 1) {
    controls += IS_CONTROL[bytes[at] ?? 0] ?? 0;
  }
  return controls / length;
}

/** Text in one-byte units or UTF-8, by a sample of its start. */
export function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.length >= 16 && controlShare(bytes, Math.min(bytes.length, SAMPLE_BYTES)) <= MAX_CONTROL_SHARE;
}

/** The encoding of 16-bit text, by its mark or by zero bytes in every other place. */
export function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const mark = (u8(bytes, 0) << 8) | u8(bytes, 1);
  if (bytes.length < 16 || mark === 0xfffe || mark === 0xfeff) {
    return mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : undefined;
  }
  const length = Math.min(bytes.length, SAMPLE_BYTES) & ~1;
  if (!bytes.subarray(0, length).includes(0)) {
    return undefined;
  }
  const zeros = [0, 0];
  for (let at = 0; at < length; at += 1) {
    zeros[at & 1] = (zeros[at & 1] ?? 0) + (bytes[at] === 0 ? 1 : 0);
  }
  const [even = 0, odd = 0] = zeros;
  const most = length * 0.4;
  return odd >= most && even === 0 ? 'utf-16le' : even >= most && odd === 0 ? 'utf-16be' : undefined;
}

function decodeWide(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be'): string {
  const even = Buffer.from(bytes.subarray(0, bytes.length & ~1));
  return (encoding === 'utf-16be' ? even.swap16() : even).toString('utf16le');
}

const SPACED = Uint8Array.from({ length: 256 }, (_, code) =>
  /[A-Za-z0-9+/=_\s-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Base64 of a data address with a blank behind its first letters: browsers pass over blanks, other runs end there. */
function spacedBase64(bytes: Buffer, start: number, blank: number): Buffer | undefined {
  if (blank === start || (bytes[blank] !== 0x20 && bytes[blank] !== 0x09)) {
    return undefined;
  }
  let end = blank;
  while (SPACED[bytes[end] ?? 0] === 1) {
    end += 1;
  }
  return end - start < MIN_ANNOUNCED ? undefined : Buffer.from(latin1(bytes, start, end), 'base64');
}

/** Words that announce base64, and what stands around them. */
const ANNOUNCING: readonly { readonly name: string; readonly whole: RegExp }[] = [
  {
    name: 'base64',
    whole:
      /^(?:[\s\S]{4}base64\s{0,8}[,:;]|frombase64(?:string)?\s{0,8}\(|[\s\S]{4}base64_?decode\s{0,8}\()\s{0,8}["'`]?/i,
  },
  { name: 'atob', whole: /^[\s\S]{4}atob\s{0,8}\(\s{0,8}["'`]?/i },
  { name: 'powershell', whole: /^[\s\S]{4}powershell(?:\.exe)?[ \w-]{0,32}?[ ]-e[a-z]{0,13}[ ]{1,4}["']?/i },
];
interface Announcement {
  readonly word: FoldedWord;
  readonly first: MarkFinder;
  readonly whole: RegExp;
}

function createAnnouncements(marks: MarkIndex): readonly Announcement[] {
  return ANNOUNCING.map(({ name, whole }) => ({
    word: new FoldedWord(name),
    first: marks.add(Buffer.from(name), true),
    whole,
  }));
}

/** Bytes in which a run of the shortest length ends, with what may stand between its lines. */
const AROUND_RUN = 512;
/** Bytes looked at before such a word, and from there on. */
const BEFORE_WORD = 4;
const AROUND_WORD = 64;

const DELIMITER = Buffer.from('\n--');

/**
 * What of a run is to be decoded; undefined where another run holds it. Of the first alphabet: all but what goes on in
 * the second. Of the second: what stands before a line that delimits MIME parts, where that has characters of its own.
 */
function lettersOf(view: Buffer, { start, end }: TextRun, alphabet: Base64Alphabet): Buffer | undefined {
  const letters = view.subarray(start, end);
  if (alphabet === 'plain') {
    const isBeginning = isUrlOwn(view[end]) && !isUrlOwn(view[start - 1]);
    return isBeginning && !letters.includes(PLUS) && !letters.includes(SLASH) ? undefined : letters;
  }
  const delimiter = letters.indexOf(DELIMITER);
  const own = delimiter < 0 ? letters : letters.subarray(0, delimiter);
  return own.length >= MIN_RUN && (own.includes(DASH) || own.includes(UNDERSCORE)) ? own : undefined;
}

function isUrlOwn(byte: number | undefined): boolean {
  return byte === DASH || byte === UNDERSCORE;
}

/** What all texts are read with. */
interface TextLore {
  readonly family: TextFamily;
  readonly announcements: readonly Announcement[];
  readonly scriptNumbers: ScriptNumbers;
  readonly announcedTexts: AnnouncedTexts;
  readonly lookupArrays: LookupArrays;
  readonly hostTexts: HostTexts;
}

/** Reads one text: what is encoded in it, and its other readings. */
class TextReading {
  readonly #out: Yield;
  readonly #view: Buffer;
  readonly #readings: ReadingAllowance;
  readonly #family: TextFamily;
  readonly #announcements: readonly Announcement[];
  readonly #scriptNumbers: ScriptNumbers;
  readonly #announcedTexts: AnnouncedTexts;
  readonly #lookupArrays: LookupArrays;
  readonly #hostTexts: HostTexts;

  /** `view` must be the array that the piece holds when that is a Buffer: the family knows texts by it. */
  constructor(view: Buffer, readings: ReadingAllowance, out: Yield, lore: TextLore) {
    const { family, announcements, scriptNumbers, announcedTexts, lookupArrays, hostTexts } = lore;
    this.#view = view;
    this.#readings = readings;
    this.#out = out;
    this.#family = family;
    this.#announcements = announcements;
    this.#scriptNumbers = scriptNumbers;
    this.#announcedTexts = announcedTexts;
    this.#lookupArrays = lookupArrays;
    this.#hostTexts = hostTexts;
  }

  run(): void {
    this.#encodedRuns();
    this.#announced();
    this.#numbers();
    const report = (detail: string): void => this.#out.cannot('bomb', detail);
    for (const { name, bytes, again } of this.#family.views(this.#view, this.#readings, report)) {
      this.#out.budget.checkTime();
      this.#out.emit(name, bytes, { again });
    }
  }

  #encodedRuns(): void {
    const joiner = new PieceJoiner(this.#out, 'encoded', SINGLE_RUNS);
    const stretches = base64Stretches(this.#view, MIN_RUN);
    for (const alphabet of ['plain', 'url'] as const) {
      for (const run of base64Runs(this.#view, MIN_RUN, alphabet, stretches)) {
        this.#out.budget.checkTime();
        const letters = lettersOf(this.#view, run, alphabet);
        if (letters !== undefined && this.#family.isNew(this.#view, letters)) {
          this.#addRun(joiner, letters);
          if (alphabet === 'plain') {
            this.#addLines(joiner, letters);
          }
        }
      }
    }
    joiner.flush();
  }

  /** What stands in some lines of a run and is something else than all of it. */
  #addLines(joiner: PieceJoiner, run: Buffer): void {
    const data = withoutLeadingWords(run);
    const lines = data !== undefined && data.length >= MIN_RUN ? [data] : [];
    for (const part of [...lines, ...hexLines(run, MIN_RUN)]) {
      if (this.#family.isNew(this.#view, part)) {
        this.#addRun(joiner, part);
      }
    }
  }

  /** What the run stands for, and that again where it is compressed without a header or written in base 32. */
  #addRun(joiner: PieceJoiner, run: Buffer): void {
    const [decoded, ...others] = decodedRun(run);
    if (readsLikeWords(run)) {
      joiner.addToOthers(decoded);
    } else {
      joiner.add(decoded);
    }
    joiner.add(bareDeflate(decoded) ?? Buffer.alloc(0));
    others.forEach((other) => joiner.add(other));
  }

  /** Short base64 where a word in front of it says so; long runs were read already. */
  #announced(): void {
    const joiner = new PieceJoiner(this.#out, 'announced');
    for (const { word, first, whole } of this.#announcements) {
      for (let at = first(this.#view); at >= 0; at = word.indexIn(this.#view, at + word.length)) {
        const end = whole.exec(this.#around(at))?.[0].length;
        const start = at - BEFORE_WORD + (end ?? 0);
        const run = end === undefined ? '' : latin1(this.#view, start, start + MIN_RUN);
        const letters = /^[A-Za-z0-9+/_-]+/.exec(run)?.[0] ?? '';
        if (letters.length >= MIN_ANNOUNCED && letters.length < MIN_RUN && !this.#isRunAt(start)) {
          this.#addRun(joiner, Buffer.from(letters, 'latin1'));
        }
        const isAddress = end !== undefined && this.#view[at - 1] === SEMICOLON;
        const spaced = isAddress ? spacedBase64(this.#view, start, start + letters.length) : undefined;
        if (spaced !== undefined) {
          joiner.add(spaced);
        }
      }
    }
    joiner.flush();
  }

  /** True where a run goes on over the end of its line, and so was read as a long one. */
  #isRunAt(start: number): boolean {
    const near = this.#view.subarray(start, start + AROUND_RUN);
    return base64Runs(near, MIN_RUN).some((run) => run.start === 0);
  }

  /** The word at `at` and what stands behind it, always with as much before it. */
  #around(at: number): string {
    const start = Math.max(0, at - BEFORE_WORD);
    return ' '.repeat(start - (at - BEFORE_WORD)) + latin1(this.#view, start, at + AROUND_WORD);
  }

  #numbers(): void {
    const joiner = new PieceJoiner(this.#out, 'numbers', SINGLE_RUNS);
    const arrays = numberArrays(this.#view, MIN_NUMBERS);
    const pairs = hexPairs(this.#view, MIN_PAIRS);
    const series = this.#scriptNumbers.in(this.#view, MIN_NUMBERS);
    const announced = this.#announcedTexts.in(this.#view);
    const lists = numberLists(this.#view);
    const packed = [
      ...packedCodes(this.#view),
      ...packedLiterals(this.#view),
      ...announced,
      ...lists,
      ...this.#lookupArrays.in(this.#view),
      ...this.#hostTexts.in(this.#view),
    ];
    for (const bytes of [...arrays, ...changedCodes(this.#view, arrays), ...pairs, ...series, ...packed]) {
      if (this.#family.isNew(this.#view, bytes)) {
        joiner.add(bytes);
      }
    }
    joiner.flush();
  }
}

/** Marks of a script behind other data: a picture or program that is a web page as well. */
const SCRIPT_MARKS = ['<script', '<SCRIPT', ';base64,'];

/** HTML, SVG, XML, scripts, calendars and plain text: data hidden in them by any of the usual encodings. */
export function createScriptTextUnpacker(marks: MarkIndex): Unpacker {
  const scripts = SCRIPT_MARKS.map((mark) => marks.add(Buffer.from(mark)));
  const lore = {
    family: new TextFamily(marks),
    announcements: createAnnouncements(marks),
    scriptNumbers: new ScriptNumbers(marks),
    announcedTexts: new AnnouncedTexts(marks),
    lookupArrays: new LookupArrays(marks),
    hostTexts: new HostTexts(marks),
  };
  return {
    name: 'text',
    step: 'script',
    recognises: ({ bytes }: Piece) => looksLikeText(bytes) || scripts.some((first) => first(bytes) >= 0),
    unpack: (piece: Piece, out: Yield) => {
      const { readings = new ReadingAllowance(piece.bytes.length) } = piece;
      new TextReading(viewOf(piece.bytes), readings, out, lore).run();
    },
  };
}

/** 16-bit text as UTF-8, so that every other reading of text and every ASCII rule applies. */
export function createWideTextUnpacker(): Unpacker {
  return {
    name: 'wide-text',
    recognises: ({ bytes }: Piece) => wideEncoding(bytes) !== undefined,
    unpack: ({ bytes }: Piece, out: Yield) => {
      const text = decodeWide(viewOf(bytes), wideEncoding(bytes) ?? 'utf-16le');
      out.emit('text', Buffer.from(text.replace(/^\ufeff/, ''), 'utf8'));
    },
  };
}
