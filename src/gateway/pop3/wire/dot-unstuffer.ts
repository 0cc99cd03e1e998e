const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const STUFFED = Buffer.from('\r\n.');

export interface Unstuffed {
  /** Message bytes, possibly a view of the chunk. */
  readonly content: Buffer;
  /** Bytes of the chunk that belong to the multi-line reply. */
  readonly consumed: number;
  /** The terminator was among them. */
  readonly done: boolean;
}

type Place = 'line-start' | 'dot' | 'dot-cr' | 'cr' | 'text' | 'done';

/**
 * Takes the dot-stuffing off a multi-line reply (RFC 1939 section 3), in chunks. Only CRLF `.` CRLF ends it, so
 * that data with bare line ends cannot end it early. What it gives out is empty or ends in CRLF.
 */
export class DotUnstuffer {
  #place: Place = 'line-start';

  push(chunk: Buffer): Unstuffed {
    const pieces: Buffer[] = [];
    let at = 0;
    while (at < chunk.length && this.#place !== 'done') {
      at = this.#place === 'text' ? this.#text(chunk, at, pieces) : this.#edge(chunk, at, pieces);
    }
    const [first = Buffer.alloc(0)] = pieces;
    const content = pieces.length > 1 ? Buffer.concat(pieces) : first;
    return { content, consumed: at, done: this.#place === 'done' };
  }

  /** The fast path: everything up to the next line that begins with a dot. */
  #text(chunk: Buffer, at: number, pieces: Buffer[]): number {
    const found = chunk.indexOf(STUFFED, at);
    if (found >= 0) {
      pieces.push(chunk.subarray(at, found + 2));
      this.#place = 'dot';
      return found + STUFFED.length;
    }
    const rest = chunk.subarray(at);
    pieces.push(rest);
    if (rest.at(-1) === CR) {
      this.#place = 'cr';
    } else if (rest.at(-1) === LF && rest.at(-2) === CR) {
      this.#place = 'line-start';
    }
    return chunk.length;
  }

  /** One octet at a place where its meaning depends on what came before. */
  #edge(chunk: Buffer, at: number, pieces: Buffer[]): number {
    const octet = chunk[at];
    if (this.#place === 'line-start') {
      this.#place = octet === DOT ? 'dot' : 'text';
      return octet === DOT ? at + 1 : at;
    }
    if (this.#place === 'dot') {
      this.#place = octet === CR ? 'dot-cr' : 'text';
      return octet === CR ? at + 1 : at;
    }
    return this.#place === 'dot-cr' ? this.#afterDotCr(octet, at, pieces) : this.#afterCr(chunk, at, pieces);
  }

  #afterDotCr(octet: number | undefined, at: number, pieces: Buffer[]): number {
    if (octet === LF) {
      this.#place = 'done';
      return at + 1;
    }
    pieces.push(Buffer.of(CR)); // a bare CR behind the dot: it was content
    this.#place = 'text';
    return at;
  }

  #afterCr(chunk: Buffer, at: number, pieces: Buffer[]): number {
    if (chunk[at] !== LF) {
      this.#place = 'text';
      return at;
    }
    pieces.push(chunk.subarray(at, at + 1));
    this.#place = 'line-start';
    return at + 1;
  }
}
