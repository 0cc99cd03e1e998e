import { ByteCollector } from './byte-collector.ts';
import { WireError } from './wire-error.ts';

/** `{n}`, `{n+}` or `~{n}` at the end of a line (RFC 9051 section 4.3). */
export interface LiteralHeader {
  readonly size: number;
  readonly nonSync: boolean;
  readonly binary: boolean;
}

/**
 * A piece of a command or response. A `line` without `literal` ends the unit; with `literal` its octets follow
 * and then another `line`. Text is latin1, so that every byte survives. Octets are views of the pushed bytes.
 */
export type Fragment =
  | { readonly kind: 'line'; readonly text: string; readonly literal: LiteralHeader | undefined }
  | { readonly kind: 'octets'; readonly bytes: Uint8Array; readonly last: boolean };

export interface FragmenterOptions {
  /** All text of one unit together, bytes. */
  readonly maxLineBytes: number;
  readonly maxLiteralBytes: number;
  /** Whose bytes these are: only clients may send `{n+}` (RFC 9051 section 9). */
  readonly from: 'client' | 'upstream';
  /** May the first line of a unit announce a literal? Free text of a status response never does. */
  readonly mayAnnounce: (firstLine: string) => boolean;
}

const LF = 10;
const HEADER = /(~?)\{([0-9]{1,20})([+-]?)\}$/;
/** What one reader or another takes for a literal header: signs, blanks, more digits than a number has. */
const NEARLY_HEADER = /\{[-+ 0-9]*\}$/;
/** A real client or server writes a literal after a space, inside a list, or as a whole value. */
const BEFORE_LITERAL = new Set([' ', '(', '[']);

/** Finds lines and literals, nothing else: bytes in, fragments out, as a synchronous pull parser. */
export class Fragmenter {
  readonly #options: FragmenterOptions;
  #chunk: Buffer = Buffer.alloc(0);
  #position = 0;
  readonly #partial = new ByteCollector();
  #unitBytes = 0;
  #literalLeft: number | undefined;
  #continued = false;

  constructor(options: FragmenterOptions) {
    this.#options = options;
  }

  /** Hands in the next bytes. Every fragment of the bytes before must have been pulled. */
  push(bytes: Uint8Array): void {
    this.#chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = 0;
  }

  /** Bytes that belong to no complete fragment yet: anything here when a TLS handshake starts is an injection. */
  get hasLeftover(): boolean {
    return this.#partial.length > 0 || this.#position < this.#chunk.length;
  }

  /** The announced literal was refused before its octets came: the next bytes are a new unit. */
  refuseLiteral(): void {
    this.#literalLeft = undefined;
    this.#continued = false;
    this.#unitBytes = 0;
  }

  /** The next fragment, or nothing until more bytes come. Throws `WireError`; then it must not be used again. */
  next(): Fragment | undefined {
    return this.#literalLeft === undefined ? this.#nextLine() : this.#nextOctets(this.#literalLeft);
  }

  #nextOctets(left: number): Fragment | undefined {
    const available = this.#chunk.length - this.#position;
    if (left > 0 && available === 0) {
      return undefined;
    }
    const size = Math.min(left, available);
    const bytes = this.#chunk.subarray(this.#position, this.#position + size);
    this.#position += size;
    this.#literalLeft = left === size ? undefined : left - size;
    return { kind: 'octets', bytes, last: left === size };
  }

  #nextLine(): Fragment | undefined {
    const end = this.#chunk.indexOf(LF, this.#position);
    const stop = end === -1 ? this.#chunk.length : end + 1;
    this.#unitBytes += stop - this.#position;
    if (this.#unitBytes > this.#options.maxLineBytes) {
      throw new WireError('line-too-long', `line exceeds ${this.#options.maxLineBytes} bytes`);
    }
    const piece = this.#chunk.subarray(this.#position, stop);
    this.#position = stop;
    if (end === -1) {
      this.#partial.add(piece);
      return undefined;
    }
    return this.#completeLine(piece);
  }

  #completeLine(piece: Buffer): Fragment {
    const text = checkedText(this.#joined(piece));
    const mayAnnounce = this.#continued || this.#options.mayAnnounce(text);
    const literal = mayAnnounce ? this.#literalHeader(text) : undefined;
    this.#continued = literal !== undefined;
    if (literal === undefined) {
      this.#unitBytes = 0;
      return { kind: 'line', text, literal };
    }
    this.#literalLeft = literal.header.size;
    return { kind: 'line', text: literal.before, literal: literal.header };
  }

  #joined(piece: Buffer): Buffer {
    if (this.#partial.length === 0) {
      return piece;
    }
    this.#partial.add(piece);
    return this.#partial.take();
  }

  #literalHeader(text: string): { before: string; header: LiteralHeader } | undefined {
    const match = text.endsWith('}') ? HEADER.exec(text) : null;
    if (match === null) {
      if (NEARLY_HEADER.test(text)) {
        throw new WireError('literal-syntax', 'a literal header that readers disagree on');
      }
      return undefined;
    }
    const [, tilde = '', digits = '', sign = ''] = match;
    const before = text.slice(0, match.index);
    const wellPlaced = BEFORE_LITERAL.has(before.slice(-1));
    const wellSigned = sign === '' || (sign === '+' && this.#options.from === 'client');
    if (!wellPlaced || !wellSigned) {
      throw new WireError('literal-syntax', 'misplaced or malformed literal header');
    }
    const size = Number(digits);
    if (size > this.#options.maxLiteralBytes) {
      throw new WireError('literal-too-large', `literal exceeds ${this.#options.maxLiteralBytes} bytes`);
    }
    return { before, header: { size, nonSync: sign === '+', binary: tilde === '~' } };
  }
}

/** The line without CRLF. Clients disagree on what a lone CR, LF or NUL means, so none may pass (protocol notes 6.1). */
function checkedText(line: Buffer): string {
  if (line.length < 2 || line[line.length - 2] !== 13) {
    throw new WireError('bare-lf', 'line feed without carriage return');
  }
  const text = line.toString('latin1', 0, line.length - 2);
  if (text.includes('\r')) {
    throw new WireError('bare-cr', 'carriage return inside a line');
  }
  if (text.includes('\0')) {
    throw new WireError('nul', 'NUL inside a line');
  }
  return text;
}
