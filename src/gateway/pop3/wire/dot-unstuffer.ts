const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const STUFFED = Buffer.from('\r\n.');
/** Read octet by octet once a line begins with a dot: many pieces of a message of dots would cost more. */
const SLOW_OCTETS = 1024;

export interface Unstuffed {
  /** Message bytes, possibly a view of the chunk. */
  readonly content: Buffer;
  /** Bytes of the chunk that this is about; unless it is done, the rest has to be pushed again. */
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
    if (!this.#beginsPlain(chunk)) {
      return this.#copy(chunk.subarray(0, SLOW_OCTETS));
    }
    const stuffed = chunk.indexOf(STUFFED);
    const content = stuffed < 0 ? chunk : chunk.subarray(0, stuffed + 2);
    this.#place = placeBehind(content);
    return { content, consumed: content.length, done: false };
  }

  /** No octet before the first line end of the chunk is stuffing or part of a terminator. */
  #beginsPlain(chunk: Buffer): boolean {
    switch (this.#place) {
      case 'text':
        return chunk.length > 0;
      case 'line-start':
        return chunk.length > 0 && chunk[0] !== DOT;
      case 'cr':
        return chunk.length > 1 && !(chunk[0] === LF && chunk[1] === DOT);
      case 'dot':
      case 'dot-cr':
      case 'done':
        return false;
    }
    return false;
  }

  #copy(chunk: Buffer): Unstuffed {
    const content = Buffer.allocUnsafe(chunk.length + 1);
    let written = 0;
    let at = 0;
    for (; at < chunk.length && this.#place !== 'done'; at += 1) {
      const octet = chunk[at] ?? 0;
      if (this.#place === 'dot-cr' && octet !== LF) {
        content[written] = CR; // a bare CR behind the dot: it was content
        written += 1;
      }
      const place = next(this.#place, octet);
      this.#place = place;
      if (place !== 'dot' && place !== 'dot-cr' && place !== 'done') {
        content[written] = octet;
        written += 1;
      }
    }
    return { content: content.subarray(0, written), consumed: at, done: this.#place === 'done' };
  }
}

function next(place: Place, octet: number): Place {
  if (place === 'line-start' && octet === DOT) {
    return 'dot';
  }
  if (place === 'dot' && octet === CR) {
    return 'dot-cr';
  }
  if (octet === LF && place === 'dot-cr') {
    return 'done';
  }
  if (octet === LF && place === 'cr') {
    return 'line-start';
  }
  return octet === CR ? 'cr' : 'text';
}

/** Where a chunk without stuffing ends. */
function placeBehind(chunk: Buffer): Place {
  const last = chunk.at(-1);
  if (last === CR) {
    return 'cr';
  }
  return last === LF && chunk.at(-2) === CR ? 'line-start' : 'text';
}
