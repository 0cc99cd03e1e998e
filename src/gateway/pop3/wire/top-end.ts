const LF = 0x0a;
const CR = 0x0d;
const CRLF = Buffer.from('\r\n');

/**
 * Finds, while a message passes, where `TOP n k` of it ends: behind the header, the empty line and k lines.
 * Stops looking once it is found.
 */
export class TopEnd {
  #bodyLines: number;
  #inHeader = true;
  #seen = 0;
  /** Octets of the line that began in an earlier chunk. */
  #begun = 0;
  #endsInCr = false;
  #end: number | undefined;

  /** @param bodyLines lines of the body; Infinity takes the whole message without looking. */
  constructor(bodyLines: number) {
    this.#bodyLines = bodyLines;
  }

  push(chunk: Buffer): void {
    if (this.#end !== undefined || this.#bodyLines === Infinity || chunk.length === 0) {
      return;
    }
    let from = 0;
    if (this.#endsInCr && chunk[0] === LF) {
      this.#line(this.#begun - 1, this.#seen + 1);
      from = 1;
    }
    for (
      let at = chunk.indexOf(CRLF, from);
      at >= 0 && this.#end === undefined;
      at = chunk.indexOf(CRLF, from)
    ) {
      this.#line(this.#begun + at - from, this.#seen + at + 2);
      from = at + 2;
    }
    this.#begun += chunk.length - from;
    this.#endsInCr = chunk.at(-1) === CR;
    this.#seen += chunk.length;
  }

  /** Offset behind the last byte of the answer, given the size of the whole message. */
  end(messageSize: number): number {
    return this.#end ?? messageSize;
  }

  #line(length: number, end: number): void {
    this.#begun = 0;
    if (!this.#inHeader) {
      this.#bodyLines -= 1;
    } else if (length === 0) {
      this.#inHeader = false;
    }
    if (!this.#inHeader && this.#bodyLines === 0) {
      this.#end = end;
    }
  }
}
