import { IMAP_LIMITS } from '../limits.ts';
import { type FetchItem, readFetchItem } from './fetch-item.ts';
import type { LiteralHeader } from './fragmenter.ts';
import { quote, readQuoted, sectionEnd } from './nodes.ts';
import { WireError } from './wire-error.ts';

/** What the reader tells of one FETCH response while it comes in. */
export interface FetchResponseListener {
  /** A value without content: a number, NIL, a list or a quoted metadata string, as written. */
  onText(item: FetchItem, text: string): void;
  /** A quoted string of an item that may carry content, unescaped. */
  onString(item: FetchItem, value: string): void;
  /** A literal of an item that may carry content; its octets follow. */
  onLiteral(item: FetchItem, header: LiteralHeader): void;
}

type State = 'name' | 'value' | 'list' | 'done';
const ATOM_END = /[ )]/g;
const LIST_SPECIAL = /[()"]/g;
const ATTRIBUTE = /^[A-Za-z0-9.]{1,64}$/;
/** Neither stands in an atom or outside of a string; readers disagree on what they mean there. */
const FORBIDDEN = /[{"]/;

/** Items whose quoted or literal value is metadata wherever it stands. */
function isMetadata(item: FetchItem): boolean {
  return item.class === 'metadata';
}

/**
 * Reads the items of `* n FETCH (…)` incrementally: text up to each literal, then the literal's header. Strict in
 * quotes, parentheses and the alternation of item and value; lenient in atoms and spaces (Exchange, outlook.com).
 */
export class FetchResponseReader {
  readonly #listener: FetchResponseListener;
  #state: State = 'name';
  #item: FetchItem | undefined;
  #list = '';
  #depth = 0;
  #items = 0;
  #inlineBytes = 0;
  /** An item whose section goes on behind a literal: `BODY[HEADER.FIELDS ({7}`. */
  #openName: string | undefined;

  constructor(listener: FetchResponseListener) {
    this.#listener = listener;
  }

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** The next text, up to a literal or the end of the response. */
  text(piece: string): void {
    const text = `${this.#openName ?? ''}${piece}`;
    this.#openName = undefined;
    let position = 0;
    while (position < text.length) {
      position = this.#step(text, position);
    }
  }

  /** A literal's header. `inline`: metadata, hand its octets to `inline`; `content`: the listener was told. */
  literal(header: LiteralHeader): 'inline' | 'content' {
    if (this.#openName !== undefined) {
      return this.#inline(header, IMAP_LIMITS.metadataValueBytes);
    }
    if (this.#state === 'list') {
      this.#list += `{${header.size}}\r\n`;
      return this.#inline(header, IMAP_LIMITS.metadataLiteralBytes);
    }
    const item = this.#expectItem();
    if (header.binary && item.class !== 'decoded') {
      throw new WireError('literal-not-allowed', 'literal8 outside BINARY');
    }
    if (isMetadata(item)) {
      this.#list = `{${header.size}}\r\n`;
      return this.#inline(header, IMAP_LIMITS.metadataValueBytes);
    }
    this.#state = 'name';
    this.#listener.onLiteral(item, header);
    return 'content';
  }

  /** The whole value of a metadata literal, latin1. */
  inline(value: string): void {
    if (this.#openName !== undefined) {
      this.#openName += quotedName(value);
      return;
    }
    this.#list += value;
    if (this.#state === 'value') {
      this.#deliver(this.#list);
    }
  }

  /** Memory for one response is bounded by the sum of what it says beside content. */
  #inline(header: LiteralHeader, limit: number): 'inline' {
    this.#inlineBytes += header.size;
    if (header.size > limit || this.#inlineBytes > IMAP_LIMITS.responseLineBytes) {
      throw new WireError('literal-too-large', 'metadata literal too large');
    }
    return 'inline';
  }

  #step(text: string, position: number): number {
    if (this.#state === 'name') {
      return this.#readName(text, position);
    }
    if (this.#state === 'value') {
      return this.#readValue(text, position);
    }
    return this.#state === 'list' ? this.#readList(text, position) : requireBlank(text, position);
  }

  #readName(text: string, position: number): number {
    if (text[position] === ' ') {
      return position + 1;
    }
    if (text[position] === ')') {
      this.#state = 'done';
      return position + 1;
    }
    if (hasOpenSection(text, position)) {
      this.#openName = text.slice(position);
      return text.length;
    }
    const { item, end } = readFetchItem(text, position);
    this.#items += 1;
    if (this.#items > IMAP_LIMITS.fetchItems || text[end] !== ' ') {
      throw new WireError('syntax', 'malformed FETCH response');
    }
    this.#item = item;
    this.#state = 'value';
    return end + 1;
  }

  #readValue(text: string, position: number): number {
    const char = text.charAt(position);
    if (char === ' ') {
      return position + 1;
    }
    if (char === '(') {
      this.#state = 'list';
      this.#list = '';
      this.#depth = 0;
      return position;
    }
    return char === '"' ? this.#readString(text, position) : this.#readAtom(text, position);
  }

  #readString(text: string, position: number): number {
    const { value, end } = readQuoted(text, position, true);
    const item = this.#expectItem();
    if (isMetadata(item)) {
      this.#deliver(text.slice(position, end));
    } else {
      this.#state = 'name';
      this.#listener.onString(item, value);
    }
    return end;
  }

  #readAtom(text: string, position: number): number {
    ATOM_END.lastIndex = position;
    const end = ATOM_END.exec(text)?.index ?? text.length;
    const value = text.slice(position, end);
    const item = this.#expectItem();
    const isContent = item.class !== 'metadata' && item.class !== 'unknown';
    if (value === '' || FORBIDDEN.test(value) || (isContent && value.toUpperCase() !== 'NIL')) {
      throw new WireError('syntax', 'a content item must be a string or NIL');
    }
    this.#deliver(value);
    return end;
  }

  #readList(text: string, position: number): number {
    const char = text.charAt(position);
    if (char === '"') {
      const { end } = readQuoted(text, position, true);
      this.#list += text.slice(position, end);
      return end;
    }
    let end = position + 1;
    if (char === '(') {
      this.#depth += 1;
    } else if (char === ')') {
      this.#depth -= 1;
    } else {
      LIST_SPECIAL.lastIndex = end;
      end = LIST_SPECIAL.exec(text)?.index ?? text.length;
    }
    const piece = text.slice(position, end);
    if (piece.includes('{')) {
      throw new WireError('literal-syntax', 'brace outside a string');
    }
    this.#list += piece;
    if (this.#depth > IMAP_LIMITS.responseDepth) {
      throw new WireError('parenthesis', 'list nested too deep');
    }
    if (this.#depth === 0) {
      this.#deliver(this.#list);
    }
    return end;
  }

  #deliver(text: string): void {
    const item = this.#expectItem();
    this.#state = 'name';
    if (item.class !== 'metadata' && text.startsWith('(')) {
      this.#listener.onString(item, text); // an unknown item with a list: judged as text
    } else {
      this.#listener.onText(item, text);
    }
  }

  #expectItem(): FetchItem {
    if (this.#item === undefined || this.#state === 'name' || this.#state === 'done') {
      throw new WireError('syntax', 'a value without an item');
    }
    return this.#item;
  }
}

function hasOpenSection(text: string, position: number): boolean {
  const bracket = text.indexOf('[', position);
  const isSection = bracket !== -1 && ATTRIBUTE.test(text.slice(position, bracket));
  return isSection && sectionEnd(text, bracket) === undefined;
}

function quotedName(value: string): string {
  const quoted = quote(value);
  if (quoted === undefined) {
    throw new WireError('syntax', 'header name outside ASCII');
  }
  return quoted;
}

function requireBlank(text: string, position: number): number {
  if (text.slice(position).trim() !== '') {
    throw new WireError('syntax', 'text after a FETCH response');
  }
  return text.length;
}
