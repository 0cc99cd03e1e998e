import { hash } from 'node:crypto';
import { viewOf } from './byte-view.ts';
import { base64Runs } from './text-runs.ts';
import {
  decodeEntities,
  joinAddedLiterals,
  joinListedLiterals,
  stripTags,
  unescapeScript,
  unfold,
} from './text-views.ts';

/** Another reading of a text. `read` gives the same text back when there is nothing to change. */
interface TextView {
  readonly name: string;
  readonly read: (text: string) => string;
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

/** In the order in which they are applied on top of each other: each only after those before it. */
const VIEWS: readonly TextView[] = [
  { name: 'text', read: (text) => (/<[a-z!/]/i.test(text) ? stripTags(decodeEntities(text)) : text) },
  // Common named references change no code; a numeric one, or one that stands for punctuation, may.
  {
    name: 'entities',
    read: (text) =>
      /&(?:#|colon|semi|comma|period|lpar|rpar|sol|plus|equals|num|Tab|NewLine)/.test(text)
        ? decodeEntities(text)
        : text,
  },
  {
    name: 'unfolded',
    read: (text) => (/^BEGIN:V(?:CALENDAR|CARD)/im.test(text.slice(0, 1024)) ? unfold(text) : text),
  },
  { name: 'unescaped', read: unescapeScript },
  { name: 'joined', read: joinAddedLiterals },
  { name: 'listed', read: joinEncodedList },
];
const REVERSED = 'reversed';

/** Readings on top of readings: the bigger the text, the fewer, because each is as big as the text. */
function mostInChain(length: number): number {
  return length <= 256 * 1024 ? 4 : length <= 2 * 1024 * 1024 ? 2 : 1;
}

interface Lineage {
  /** Index of the last view applied. */
  readonly rank: number;
  readonly length: number;
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
  *views(bytes: Uint8Array, text: string): Generator<readonly [name: string, bytes: Buffer], void, void> {
    const { rank, length, seen } = this.#lineageOf(bytes);
    if (length >= mostInChain(text.length)) {
      return;
    }
    for (const [index, { name, read }] of VIEWS.entries()) {
      const view = index > rank ? read(text) : text;
      if (view !== text && view.length > 0) {
        yield [name, this.#remember(encodeView(view), { rank: index, length: length + 1, seen })];
      }
    }
    if (rank < VIEWS.length && /reverse/i.test(text)) {
      const reversed = viewOf(viewOf(bytes).toReversed());
      yield [REVERSED, this.#remember(reversed, { rank: VIEWS.length, length: length + 1, seen })];
    }
  }

  #remember(bytes: Buffer, lineage: Lineage): Buffer {
    this.#lineages.set(bytes, lineage);
    return bytes;
  }

  #lineageOf(bytes: Uint8Array): Lineage {
    const lineage = this.#lineages.get(bytes) ?? { rank: -1, length: 0, seen: new Set() };
    this.#lineages.set(bytes, lineage);
    return lineage;
  }
}

/** Characters above 255 come from escapes only: then the view is text, otherwise the same bytes as the source. */
function encodeView(text: string): Buffer {
  // A document without its angle brackets or escapes is a damaged document: it must not be opened as one again.
  const view = text.replaceAll('%PDF-', '%pdf-').replaceAll('{\\rt', '{\\RT');
  return Buffer.from(view, /[^\u0000-\u00ff]/.test(view) ? 'utf8' : 'latin1');
}
