import { nativeCopy } from '../../native-copy.ts';
import type { ContentEncoder } from '../../relay.ts';

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;
const LF_DOT = Buffer.from('\n.');
const CR_DOT = Buffer.from('\r.');
/** Written octet by octet once a line begins with a dot: many runs of a message of dots would cost more. */
const SLOW_OCTETS = 256;

/**
 * Dot-stuffing for the client: a dot behind CRLF is doubled, as RFC 1939 says. So is a lone dot behind a bare CR
 * or LF when a CR or LF follows: clients that end lines there would take it for the end of the message and
 * read the rest as replies. All other bytes stay as they are.
 *
 * Content is expected to end in CRLF, otherwise its last dot may be kept back.
 */
export class DotStuffer implements ContentEncoder {
  /** The last two octets that were seen; the beginning counts as a line start. */
  #beforeLast = CR;
  #last = LF;
  /** A dot behind a bare line end came last: what it means depends on the next octet. */
  #withheld = false;

  encode(chunk: Uint8Array): Uint8Array {
    const input = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const mayNeedDots = input[0] === DOT || input.includes(LF_DOT) || input.includes(CR_DOT);
    if (this.#withheld || mayNeedDots) {
      return this.#copy(input);
    }
    for (const octet of input.subarray(-2)) {
      this.#see(octet);
    }
    return input;
  }

  #see(octet: number): void {
    this.#beforeLast = this.#last;
    this.#last = octet;
  }

  /** Decides about this octet and about the dot that was withheld before it. */
  #dotsBefore(octet: number): number {
    const isBefore = this.#withheld;
    const isDot = octet === DOT && isLineEnd(this.#last);
    const isStuffed = isDot && this.#last === LF && this.#beforeLast === CR;
    this.#withheld = isDot && !isStuffed;
    if (isBefore) {
      return isLineEnd(octet) ? 2 : 1;
    }
    return isStuffed ? 1 : 0;
  }

  #copy(input: Buffer): Buffer {
    const output = Buffer.allocUnsafe(2 * input.length + 2);
    const dots = new LineDots(input);
    let written = 0;
    for (let at = 0; at < input.length;) {
      const isPlain = !this.#withheld && !(at === 0 && input[0] === DOT);
      const run = input.subarray(at, isPlain ? dots.after(at) : at);
      nativeCopy(output, written, run);
      for (const octet of run.subarray(-2)) {
        this.#see(octet);
      }
      const slow = input.subarray(at + run.length, at + run.length + SLOW_OCTETS);
      written = this.#copySlowly(slow, output, written + run.length);
      at += run.length + slow.length;
    }
    return output.subarray(0, written);
  }

  /** Returns where the next octet goes in `output`. */
  #copySlowly(input: Buffer, output: Buffer, start: number): number {
    let written = start;
    for (const octet of input) {
      for (let dots = this.#dotsBefore(octet); dots > 0; dots -= 1) {
        output[written] = DOT;
        written += 1;
      }
      this.#see(octet);
      if (!this.#withheld) {
        output[written] = octet;
        written += 1;
      }
    }
    return written;
  }
}

/** Finds the dots behind a line end; each octet is looked at once, however often somebody asks. */
class LineDots {
  readonly #input: Buffer;
  readonly #next = { lf: -1, cr: -1 };

  constructor(input: Buffer) {
    this.#input = input;
  }

  /** Where the first one from `at` on stands; the end of the input when there is none. */
  after(at: number): number {
    const next = this.#next;
    if (next.lf < at) next.lf = this.#find(LF_DOT, at);
    if (next.cr < at) next.cr = this.#find(CR_DOT, at);
    return Math.min(next.lf, next.cr);
  }

  #find(lineEndAndDot: Buffer, at: number): number {
    const found = this.#input.indexOf(lineEndAndDot, Math.max(0, at - 1));
    return found < 0 ? this.#input.length : found + 1;
  }
}

function isLineEnd(octet: number): boolean {
  return octet === CR || octet === LF;
}
