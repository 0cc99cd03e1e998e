import type { ContentEncoder } from '../../relay.ts';

const LF = 0x0a;
const CR = 0x0d;
const DOT = Buffer.from('.');
const LF_DOT = Buffer.from('\n.');
const CR_DOT = Buffer.from('\r.');

/**
 * Dot-stuffing for the client: a dot behind CRLF is doubled, as RFC 1939 says. So is a lone dot behind a bare CR
 * or LF when a CR or LF follows: clients that end lines there would take it for the end of the message and
 * read the rest as replies. All other bytes stay as they are.
 *
 * Content is expected to end in CRLF, otherwise its last dot may be kept back.
 */
export class DotStuffer implements ContentEncoder {
  /** The last two octets that were given out; the beginning counts as a line start. */
  #before: readonly [number, number] = [CR, LF];
  #withheld: Buffer = Buffer.alloc(0);

  encode(chunk: Uint8Array): Uint8Array {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const input = this.#withheld.length === 0 ? fresh : Buffer.concat([this.#withheld, fresh]);
    this.#withheld = Buffer.alloc(0);
    if (input.length === 0) {
      return input;
    }
    const pieces: Buffer[] = [];
    let from = 0;
    for (const at of dotsAtLineStart(input)) {
      if (this.#isUndecided(input, at)) {
        this.#withheld = Buffer.from(DOT);
        break;
      }
      if (this.#needsStuffing(input, at)) {
        pieces.push(input.subarray(from, at), DOT);
        from = at;
      }
    }
    const known = input.subarray(0, input.length - this.#withheld.length);
    pieces.push(known.subarray(from));
    this.#remember(known);
    return pieces.length === 1 ? known : Buffer.concat(pieces);
  }

  #remember(given: Buffer): void {
    const last = given.at(-1);
    if (last !== undefined) {
      this.#before = [given.at(-2) ?? this.#before[1], last];
    }
  }

  /** A dot behind a bare line end as the last octet: what it means depends on the next one. */
  #isUndecided(input: Buffer, at: number): boolean {
    return at === input.length - 1 && this.#isBareLineStart(input, at);
  }

  #needsStuffing(input: Buffer, at: number): boolean {
    if (this.#isLineStart(input, at)) {
      return true;
    }
    const next = input[at + 1];
    return this.#isBareLineStart(input, at) && (next === CR || next === LF);
  }

  #isLineStart(input: Buffer, at: number): boolean {
    return this.#octet(input, at - 1) === LF && this.#octet(input, at - 2) === CR;
  }

  #isBareLineStart(input: Buffer, at: number): boolean {
    const previous = this.#octet(input, at - 1);
    return previous === CR || (previous === LF && this.#octet(input, at - 2) !== CR);
  }

  #octet(input: Buffer, at: number): number | undefined {
    return at >= 0 ? input[at] : this.#before[at + 2];
  }
}

/** Dots at the beginning of the chunk or behind a CR or LF, in order. */
function dotsAtLineStart(input: Buffer): number[] {
  const dots = input[0] === DOT[0] ? [0] : [];
  for (const needle of [LF_DOT, CR_DOT]) {
    for (let at = input.indexOf(needle); at >= 0; at = input.indexOf(needle, at + 2)) {
      dots.push(at + 1);
    }
  }
  return dots.sort((a, b) => a - b);
}
