import { IMAP_LIMITS } from '../limits.ts';
import { ByteCollector } from './byte-collector.ts';
import { Fragmenter, type LiteralHeader } from './fragmenter.ts';
import { isUnambiguous } from './nodes.ts';
import { readStatusText, type StatusText } from './status-text.ts';
import { WireError } from './wire-error.ts';

export type StatusWord = 'OK' | 'NO' | 'BAD' | 'BYE' | 'PREAUTH';

/** What a server said. FETCH responses come in pieces, because their literals are content. */
export type ResponseEvent =
  | { readonly kind: 'status'; readonly tag: string; readonly word: StatusWord; readonly status: StatusText }
  | { readonly kind: 'continuation'; readonly text: string }
  /** `* 5 EXISTS`, `* LIST …`: canonical text without `* ` and CRLF, literals inside as `{n}` CRLF octets. */
  | {
      readonly kind: 'data';
      readonly name: string;
      readonly number: number | undefined;
      readonly text: string;
      readonly literals: boolean;
      /** All clients read the same in it. */
      readonly isUnambiguous: boolean;
    }
  | { readonly kind: 'fetchBegin'; readonly number: number; readonly keyword: string }
  | { readonly kind: 'fetchText'; readonly text: string }
  | { readonly kind: 'fetchLiteral'; readonly header: LiteralHeader }
  | { readonly kind: 'fetchOctets'; readonly bytes: Uint8Array; readonly last: boolean }
  | { readonly kind: 'fetchEnd' };

const STATUS = /^(\*|[^\s*+{}"%\\()]{1,64}) (OK|NO|BAD|BYE|PREAUTH)(?: (.*))?$/is;
const FETCH = /^\* ([0-9]{1,10}) (FETCH|UIDFETCH) \(/i;
const NUMBERED = /^\* ([0-9]{1,10}) ([A-Za-z]{1,20}) *$/;
const NAMED = /^\* ([A-Za-z][A-Za-z0-9.-]{0,30})(?: |$)/;
/** RFC 5464 section 5: an entry value may be a literal8. */
const METADATA = /^\* METADATA /i;
const MAX_NUMBER = 4_294_967_295; // RFC 9051: numbers are 32 bits

/** Reads the server's side: one parser for this direction. Throws `WireError`, which ends the session. */
export class ResponseReader {
  readonly #fragmenter: Fragmenter;
  #mode: 'start' | 'fetch' | 'data' = 'start';
  #queue: ResponseEvent[] = [];
  #data = '';
  #dataHasLiterals = false;
  #dataIsUnambiguous = true;
  readonly #literal = new ByteCollector();

  constructor(maxLiteralBytes: number) {
    this.#fragmenter = new Fragmenter({
      maxLineBytes: IMAP_LIMITS.responseLineBytes,
      maxLiteralBytes,
      from: 'upstream',
      mayAnnounce: (line) => !line.startsWith('+') && !STATUS.test(line),
    });
  }

  push(bytes: Uint8Array): void {
    this.#fragmenter.push(bytes);
  }

  get hasLeftover(): boolean {
    return this.#fragmenter.hasLeftover || this.#queue.length > 0;
  }

  next(): ResponseEvent | undefined {
    for (;;) {
      const event = this.#queue.shift();
      if (event !== undefined) {
        return event;
      }
      const fragment = this.#fragmenter.next();
      if (fragment === undefined) {
        return undefined;
      }
      if (fragment.kind === 'line') {
        this.#line(fragment.text, fragment.literal);
      } else {
        this.#octets(fragment.bytes, fragment.last);
      }
    }
  }

  #line(text: string, literal: LiteralHeader | undefined): void {
    switch (this.#mode) {
      case 'start':
        this.#first(text, literal);
        break;
      case 'fetch':
        this.#fetchText(text, literal);
        break;
      case 'data':
        this.#dataText(text, literal);
    }
  }

  #first(text: string, literal: LiteralHeader | undefined): void {
    const status = STATUS.exec(text);
    if (status !== null) {
      const [, tag = '', word = '', rest = ''] = status;
      this.#queue.push({ kind: 'status', tag, word: statusWord(word), status: readStatusText(rest) });
      return;
    }
    if (text === '+' || text.startsWith('+ ')) {
      this.#queue.push({ kind: 'continuation', text: text.slice(2) });
      return;
    }
    const fetch = FETCH.exec(text);
    if (fetch !== null) {
      const [opening, digits = '', keyword = ''] = fetch;
      this.#mode = 'fetch';
      this.#queue.push({ kind: 'fetchBegin', number: numberOf(digits), keyword: keyword.toUpperCase() });
      this.#fetchText(text.slice(opening.length), literal);
      return;
    }
    if (!text.startsWith('* ')) {
      throw new WireError('syntax', 'neither tagged, untagged nor continuation');
    }
    this.#mode = 'data';
    this.#data = '';
    this.#dataHasLiterals = false;
    this.#dataIsUnambiguous = true;
    this.#dataText(text, literal);
  }

  #fetchText(text: string, literal: LiteralHeader | undefined): void {
    this.#queue.push({ kind: 'fetchText', text });
    if (literal === undefined) {
      this.#mode = 'start';
      this.#queue.push({ kind: 'fetchEnd' });
    } else {
      this.#queue.push({ kind: 'fetchLiteral', header: literal });
    }
  }

  #dataText(text: string, literal: LiteralHeader | undefined): void {
    this.#data += text;
    this.#dataIsUnambiguous &&= isUnambiguous(text);
    if (literal === undefined) {
      this.#mode = 'start';
      this.#queue.push(this.#dataEvent());
      return;
    }
    if (literal.size > IMAP_LIMITS.metadataLiteralBytes) {
      throw new WireError('literal-too-large', 'metadata literal too large');
    }
    if (literal.binary && !METADATA.test(this.#data)) {
      throw new WireError('literal-not-allowed', 'literal8 outside METADATA');
    }
    this.#dataHasLiterals = true;
    this.#data += `${literal.binary ? '~' : ''}{${literal.size}}\r\n`;
  }

  #octets(bytes: Uint8Array, last: boolean): void {
    if (this.#mode === 'fetch') {
      this.#queue.push({ kind: 'fetchOctets', bytes, last });
      return;
    }
    this.#literal.add(bytes);
    if (last) {
      this.#data += this.#literal.take().toString('latin1');
    }
    if (this.#data.length + this.#literal.length > IMAP_LIMITS.responseLineBytes) {
      throw new WireError('line-too-long', 'response with its literals too long');
    }
  }

  #dataEvent(): ResponseEvent {
    const common = {
      kind: 'data',
      literals: this.#dataHasLiterals,
      isUnambiguous: this.#dataIsUnambiguous,
    } as const;
    const numbered = NUMBERED.exec(this.#data);
    if (numbered !== null) {
      const [, digits = '', name = ''] = numbered;
      const number = numberOf(digits);
      return { ...common, name: name.toUpperCase(), number, text: `${number} ${name}` };
    }
    const name = NAMED.exec(this.#data)?.[1];
    if (name === undefined) {
      throw new WireError('syntax', 'unreadable untagged response');
    }
    return { ...common, name: name.toUpperCase(), number: undefined, text: this.#data.slice(2) };
  }
}

function numberOf(digits: string): number {
  const number = Number(digits);
  if (number > MAX_NUMBER) {
    throw new WireError('syntax', 'number above 32 bits');
  }
  return number;
}

function statusWord(word: string): StatusWord {
  const upper = word.toUpperCase();
  switch (upper) {
    case 'OK':
    case 'NO':
    case 'BAD':
    case 'BYE':
    case 'PREAUTH':
      return upper;
    default:
      throw new WireError('syntax', 'unknown status');
  }
}
