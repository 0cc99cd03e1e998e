import { hash } from 'node:crypto';
import { latin1, viewOf } from './byte-view.ts';
import { base64Runs } from './text-runs.ts';
import {
  decodeEntities,
  joinAddedLiterals,
  joinListedLiterals,
  stripTags,
  unescapeScript,
  unfold,
} from './text-views.ts';

/** Another reading of a text; undefined when there is nothing to change. */
interface TextView {
  readonly name: string;
  readonly read: (text: string, bytes: Buffer) => Buffer | undefined;
}

/** The text as bytes again, when it changed. */
function changed(source: string, view: string): Buffer | undefined {
  return view === source ? undefined : Buffer.from(view, 'latin1');
}

/** Shortest run for which joining the elements of an array counts, characters. */
const MIN_RUN = 64;

function encodedLength(text: string): number {
  return base64Runs(Buffer.from(text, 'latin1'), MIN_RUN).reduce((sum, { letters }) => sum + letters, 0);
}

/** Arrays of strings are everywhere; joined they count only when that makes encoded data out of them. */
function joinEncodedList(text: string): string {
  const listed = joinListedLiterals(text);
  return listed !== text && encodedLength(listed) > encodedLength(joinAddedLiterals(text)) ? listed : text;
}

/** `test` is sticky and begins with `mark`: the search for one character is many times faster than the expression. */
function occurs(text: string, mark: string, test: RegExp): boolean {
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
    test.lastIndex = at;
    if (test.test(text)) {
      return true;
    }
  }
  return false;
}

function plainText(text: string, bytes: Buffer): Buffer | undefined {
  return occurs(text, '<', /<[a-z!/]/iy)
    ? Buffer.from(stripTags(latin1(decodeEntities(bytes) ?? bytes)), 'latin1')
    : undefined;
}

/** Common named references change no code; a numeric one, or one that stands for punctuation, may. */
const TELLING_ENTITY = /&(?:#|colon|semi|comma|period|lpar|rpar|sol|plus|equals|num|Tab|NewLine)/y;

/** In the order in which they are applied on top of each other: each only after those before it. */
const VIEWS: readonly TextView[] = [
  { name: 'text', read: plainText },
  {
    name: 'entities',
    read: (text, bytes) => (occurs(text, '&', TELLING_ENTITY) ? decodeEntities(bytes) : undefined),
  },
  {
    name: 'unfolded',
    read: (text) =>
      /^BEGIN:V(?:CALENDAR|CARD)/im.test(text.slice(0, 1024)) ? changed(text, unfold(text)) : undefined,
  },
  { name: 'unescaped', read: (_, bytes) => unescapeScript(bytes) },
  { name: 'joined', read: (text) => changed(text, joinAddedLiterals(text)) },
  { name: 'listed', read: (text) => changed(text, joinEncodedList(text)) },
];
const REVERSED = 'reversed';

/** Readings on top of readings: the bigger the text, the fewer, because each is as big as the text. */
function mostInChain(length: number): number {
  return length <= 256 * 1024 ? 4 : length <= 2 * 1024 * 1024 ? 2 : 1;
}

/** All readings of one text together, in sizes of the text: noise can be read in every way on top of every other. */
const MAX_FAMILY_SHARE = 16;
/** Texts up to here are read in every way whatever it adds up to, bytes. */
const MIN_FAMILY_BYTES = 1024 * 1024;

/** Bytes that the readings of one text may still have. */
interface Allowance {
  left: number;
}

interface Lineage {
  /** Index of the last view applied. */
  readonly rank: number;
  readonly length: number;
  readonly allowance: Allowance;
  /** Digests of encoded runs that were decoded from any text of the family. */
  readonly seen: Set<string>;
}

/**
 * A text and all readings made from it. Knowing the relation keeps the same reading from being made along every
 * path, and the same encoded run from being decoded out of each. The relation hangs on the byte array itself,
 * because a name could be chosen by whoever made the archive.
 */
export class TextFamily {
  readonly #lineages = new WeakMap<Uint8Array, Lineage>();

  /** Remembers a run; false when it was met in this text or in one that it was made from. */
  isNew(bytes: Uint8Array, run: string): boolean {
    const { seen } = this.#lineageOf(bytes);
    const digest = hash('sha256', Buffer.from(run, 'latin1'));
    const fresh = !seen.has(digest);
    seen.add(digest);
    return fresh;
  }

  /** The other readings of a text that this one calls for. */
  *views(bytes: Buffer, text: string): Generator<readonly [name: string, bytes: Buffer], void, void> {
    const { rank, length, allowance, seen } = this.#lineageOf(bytes);
    if (length >= mostInChain(text.length) || allowance.left <= 0) {
      return;
    }
    for (const [index, { name, read }] of VIEWS.entries()) {
      const view = index > rank ? read(text, bytes) : undefined;
      if (view !== undefined && view.length > 0) {
        allowance.left -= view.length;
        yield [name, this.#remember(disarm(view), { rank: index, length: length + 1, allowance, seen })];
      }
    }
    if (rank < VIEWS.length && /reverse/i.test(text)) {
      const reversed = viewOf(bytes.toReversed());
      allowance.left -= reversed.length;
      yield [REVERSED, this.#remember(reversed, { rank: VIEWS.length, length: length + 1, allowance, seen })];
    }
  }

  #remember(bytes: Buffer, lineage: Lineage): Buffer {
    this.#lineages.set(bytes, lineage);
    return bytes;
  }

  #lineageOf(bytes: Uint8Array): Lineage {
    const lineage = this.#lineages.get(bytes) ?? {
      rank: -1,
      length: 0,
      allowance: { left: Math.max(MIN_FAMILY_BYTES, bytes.length * MAX_FAMILY_SHARE) },
      seen: new Set(),
    };
    this.#lineages.set(bytes, lineage);
    return lineage;
  }
}

/** Marks of documents that are text as well. */
const DOCUMENT_MARKS = [Buffer.from('%PDF-'), Buffer.from('{\\rt')];

/** A document without its angle brackets or escapes is a damaged document: it must not be opened as one again. */
function disarm(view: Buffer): Buffer {
  for (const mark of DOCUMENT_MARKS) {
    for (let at = view.indexOf(mark); at >= 0; at = view.indexOf(mark, at + 1)) {
      view[at] = 0x20;
    }
  }
  return view;
}
