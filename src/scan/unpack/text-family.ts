import { hash } from 'node:crypto';
import type { ReadingAllowance } from '../reading-allowance.ts';
import { CALLED_VIEWS, VALUES } from './called-views.ts';
import { disarm, withoutMark } from './disarmed.ts';
import { encodedLength, MIN_RUN } from './encoded-length.ts';
import { Literals } from './literals.ts';
import type { MarkIndex, MarkSetsFinder } from './mark-search.ts';
import type { Report } from './script-views.ts';
import { SelfAppending } from './self-appending.ts';
import { decodeEntities, hasTag, hasTellingEntity, stripTags, unescapeScript, unfold } from './text-views.ts';

/** Arrays of strings are everywhere; joined they count only when that makes encoded data out of them. */
function joinEncodedList(bytes: Buffer, literals: Literals): Buffer | undefined {
  const listed = literals.mayBeRun() ? literals.listed() : undefined;
  const isData = listed !== undefined && encodedLength(listed) > encodedLength(literals.added() ?? bytes);
  return isData ? listed : undefined;
}

const UU_WORD = Buffer.from('begin ');
/** A uuencoded file in a text that writes its brackets as they are. */
const PLAIN_UU = /(?:^|[\r\n])begin [0-7]{3,4} /;
const WRITTEN_BRACKET = /&(?:lt|gt|amp);/;

/** True when uuencoded data stand in the text as they are: their angle brackets are no tags. */
function hasPlainUu(bytes: Buffer): boolean {
  if (!bytes.includes(UU_WORD)) {
    return false;
  }
  const text = bytes.toString('latin1');
  return PLAIN_UU.test(text) && !WRITTEN_BRACKET.test(text);
}

/** One text and what several readings of it need. */
class ReadText {
  readonly bytes: Buffer;
  readonly literals: Literals;
  #isDecoded = false;
  #decoded: Buffer | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.literals = new Literals(bytes, MIN_RUN);
  }

  /** With its character references replaced; undefined when there are none. */
  withoutReferences(): Buffer | undefined {
    this.#decoded = this.#isDecoded ? this.#decoded : decodeEntities(this.bytes);
    this.#isDecoded = true;
    return this.#decoded;
  }
}

/** Another reading of a text; undefined when there is nothing to change. */
interface TextView {
  readonly name: string;
  readonly read: (text: ReadText) => Buffer | undefined;
  /** True when a script puts the same texts together in both readings. */
  readonly keepsValues?: (bytes: Buffer, view: Buffer) => boolean;
}

function plainText(text: ReadText): Buffer | undefined {
  const { bytes } = text;
  const plain = hasTag(bytes) ? stripTags(text.withoutReferences() ?? bytes) : undefined;
  return plain !== undefined && hasPlainUu(bytes) ? withoutMark(plain, UU_WORD) : plain;
}

/** A tag; signs of comparison in scripts hardly ever look like one. */
const MARKUP = /<(?:[/!?][a-z-]|[a-z][a-z0-9]{0,15}(?:\s{1,8}[a-z-]{2,32}\s?=|\s{0,4}\/?>))/i;

function hasMarkup(bytes: Buffer): boolean {
  return MARKUP.test(bytes.toString('latin1'));
}

/** An escape of a character that is printed: words, quotes and signs of a script are written with it. */
const PRINTED_ESCAPE =
  /(?:%|\\x|[%\\]u00)(?:2[1-9a-f]|[3-7][\da-f])|\\[ux]\{0{0,6}[2-7][\da-f]\}|\\(?:0?[4-7][0-7]|1[0-7]{2})/i;
/** Bytes by which escapes of other characters make a text shorter where they are data. */
const ESCAPED_DATA = 256;

function hasTellingEscape(bytes: Buffer, length: number): boolean {
  return bytes.length - length >= ESCAPED_DATA || PRINTED_ESCAPE.test(bytes.toString('latin1'));
}

const NESTED_REFERENCE = Buffer.from('&amp;#');

/** Pages in the attributes of pages have references in references. */
function withoutNestedReferences(text: ReadText): Buffer | undefined {
  const plain = text.withoutReferences();
  return plain !== undefined && text.bytes.includes(NESTED_REFERENCE)
    ? (decodeEntities(plain) ?? plain)
    : plain;
}

const FOLDED = /^BEGIN:V(?:CALENDAR|CARD)/im;

/** In the order in which they are applied on top of each other: each only after those before it. */
const VIEWS: readonly TextView[] = [
  { name: 'text', read: plainText, keepsValues: (bytes) => !hasMarkup(bytes) },
  {
    name: 'entities',
    read: (text) => (hasTellingEntity(text.bytes) ? withoutNestedReferences(text) : undefined),
  },
  {
    name: 'unfolded',
    read: ({ bytes }) => (FOLDED.test(bytes.toString('latin1', 0, 1024)) ? unfold(bytes) : undefined),
  },
  {
    name: 'unescaped',
    read: ({ bytes }) => unescapeScript(bytes),
    keepsValues: (bytes, view) => !hasTellingEscape(bytes, view.length),
  },
  { name: 'joined', read: ({ literals }) => literals.added(), keepsValues: () => true },
  {
    name: 'listed',
    read: ({ bytes, literals }) => joinEncodedList(bytes, literals),
    keepsValues: () => true,
  },
];

/** Readings on top of readings: the bigger the text, the fewer, because each is as big as the text. */
function mostInChain(length: number): number {
  return length <= 256 * 1024 ? 4 : length <= 2 * 1024 * 1024 ? 2 : 1;
}

/** A reading that was made of a text. */
export interface MadeView {
  readonly name: string;
  readonly bytes: Buffer;
  /** Makes it once more, where that takes little. */
  readonly again?: () => Buffer;
}

interface Lineage {
  /** Index of the last view applied. */
  readonly rank: number;
  readonly length: number;
  /** Digests of encoded runs that were decoded from any text of the family. */
  readonly seen: Set<string>;
  /** What a script in it puts together was read in the text that it was made from. */
  readonly isValued: boolean;
}

/**
 * A text and all readings made from it. Knowing the relation keeps the same reading from being made along every
 * path, and the same encoded run from being decoded out of each. The relation hangs on the byte array itself,
 * because a name could be chosen by whoever made the archive.
 */
export class TextFamily {
  readonly #lineages = new WeakMap<Uint8Array, Lineage>();
  /** The words of each of `CALLED_VIEWS`, and then the doubtful ones of each. */
  readonly #words: MarkSetsFinder;
  readonly #selfAppending = new SelfAppending();

  constructor(marks: MarkIndex) {
    const words = CALLED_VIEWS.map((view) => view.words);
    this.#words = marks.addWordSets([...words, ...CALLED_VIEWS.map(({ doubtful }) => doubtful ?? [])]);
  }

  /** Remembers a run; false when it was met in this text or in one that it was made from. */
  isNew(bytes: Uint8Array, run: Uint8Array): boolean {
    const { seen } = this.#lineageOf(bytes);
    const digest = hash('sha256', run);
    const fresh = !seen.has(digest);
    seen.add(digest);
    return fresh;
  }

  /**
   * The other readings of a text that this one calls for, until `readings` is spent on them; `report` is told of those
   * that cannot be whole.
   */
  *views(bytes: Buffer, readings: ReadingAllowance, report: Report): Generator<MadeView, void, void> {
    const { rank, length, seen, isValued } = this.#lineages.get(bytes) ?? newLineage();
    if (length >= mostInChain(bytes.length) || readings.isSpent) {
      return;
    }
    const text = new ReadText(bytes);
    const hasWords = this.#words(bytes);
    const mayCallValues = !isValued && rank < VIEWS.length + VALUES;
    const callsValues =
      mayCallValues && (isCalled(VALUES, bytes, hasWords) || this.#selfAppending.isIn(bytes));
    for (const [index, { name, read, keepsValues }] of VIEWS.entries()) {
      const view = index > rank ? read(text) : undefined;
      if (view !== undefined && view.length > 0) {
        const isSame = (isValued || callsValues) && keepsValues?.(bytes, view) === true;
        const next = { rank: index, length: length + 1, seen, isValued: isSame };
        const remember = (made: Buffer): Buffer => {
          disarmStart(made, bytes);
          return this.#remember(disarm(made), next);
        };
        yield { name, bytes: remember(view), again: () => remember(read(new ReadText(bytes)) ?? bytes) };
      }
    }
    for (const [index, { name, read }] of CALLED_VIEWS.entries()) {
      const own = VIEWS.length + index;
      const isRead = rank < own && (index === VALUES ? callsValues : isCalled(index, bytes, hasWords));
      for (const view of isRead && !readings.isSpent ? read(bytes, report) : []) {
        disarmStart(view, bytes);
        const next = { rank: own, length: length + 1, seen, isValued };
        yield { name, bytes: this.#remember(view, next) };
      }
    }
  }

  #remember(bytes: Buffer, lineage: Lineage): Buffer {
    this.#lineages.set(bytes, lineage);
    return bytes;
  }

  #lineageOf(bytes: Uint8Array): Lineage {
    const known = this.#lineages.get(bytes);
    const lineage = known ?? newLineage();
    if (known === undefined) {
      this.#lineages.set(bytes, lineage);
    }
    return lineage;
  }
}

/** Whether something in a text calls for one of `CALLED_VIEWS`. */
function isCalled(index: number, bytes: Buffer, hasWords: (set: number) => boolean): boolean {
  const view = CALLED_VIEWS[index];
  return (
    hasWords(index) ||
    view?.isCalled?.(bytes) === true ||
    (hasWords(CALLED_VIEWS.length + index) && view?.isMeant?.(bytes) === true)
  );
}

/** Of a text that was made from no other. */
function newLineage(): Lineage {
  return {
    rank: -1,
    length: 0,
    seen: new Set(),
    isValued: false,
  };
}

/** Data that look like text for long enough: gzip with a long name, S/MIME in DER. */
function isBinaryStart(bytes: Buffer): boolean {
  const [first = 0, second = 0] = bytes;
  return (first === 0x1f && second === 0x8b) || (first === 0x30 && second >= 0x80);
}

/** What such data lost in a reading of text makes them damaged: they are opened as they are, and not again. */
function disarmStart(view: Buffer, bytes: Buffer): void {
  if (isBinaryStart(bytes) && isBinaryStart(view)) {
    view[0] = 0x20;
  }
}
