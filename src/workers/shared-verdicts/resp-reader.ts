/**
 * Answers of Redis and Valkey (RESP2) as far as the questions that are asked need them. Whatever else a server sends
 * is a fault: memory for one answer is bounded before its first byte comes.
 */

/** A header or a sentence of an answer; those of real servers have a hundred. */
export const MAX_LINE_BYTES = 512;
const LF = 0x0a;
const CRLF = '\r\n';

export type RespAnswer =
  /** Undefined: there is nothing. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer | undefined }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refusal'; readonly text: string };

export class RespReader {
  readonly #maxBytes: number;
  #line = '';
  /** Bytes that were announced, with the line end behind them, and how many of them are there. */
  #body: Buffer | undefined;
  #filled = 0;

  /** `maxBytes`: of one answer. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is whole now. Throws when it is no answer, or a larger one; then nothing more is read. */
  *feed(chunk: Buffer): Generator<RespAnswer, void, void> {
    for (let at = 0; at < chunk.length;) {
      const end =
        this.#body === undefined ? this.#readLine(chunk, at) : this.#readBody(this.#body, chunk, at);
      const answer = this.#body === undefined ? this.#answerOf() : this.#answerWith(this.#body);
      if (answer !== undefined) {
        yield answer;
      }
      at = end;
    }
  }

  #readLine(chunk: Buffer, at: number): number {
    const found = chunk.indexOf(LF, at);
    const end = found < 0 ? chunk.length : found + 1;
    if (this.#line.length + end - at > MAX_LINE_BYTES) {
      throw new Error('the answer is no answer: a line does not end');
    }
    this.#line += chunk.toString('latin1', at, end);
    return end;
  }

  #readBody(body: Buffer, chunk: Buffer, at: number): number {
    const count = chunk.copy(body, this.#filled, at);
    this.#filled += count;
    return at + count;
  }

  #answerWith(body: Buffer): RespAnswer | undefined {
    if (this.#filled < body.length) {
      return undefined;
    }
    this.#body = undefined;
    return { kind: 'bytes', bytes: body.subarray(0, -CRLF.length) };
  }

  #answerOf(): RespAnswer | undefined {
    const line = this.#line;
    if (!line.endsWith('\n')) {
      return undefined;
    }
    this.#line = '';
    const text = line.slice(1, -CRLF.length);
    switch (line.endsWith(CRLF) ? line.slice(0, 1) : '') {
      case '+':
      case ':':
        return { kind: 'text', text };
      case '-':
        return { kind: 'refusal', text };
      case '$':
        return text === '-1' ? { kind: 'bytes', bytes: undefined } : this.#announce(text);
      default:
        throw new Error('the answer is no bytes');
    }
  }

  #announce(digits: string): undefined {
    const length = /^\d{1,9}$/u.test(digits) ? Number(digits) : Infinity;
    if (length > this.#maxBytes) {
      throw new Error(`the answer is larger than ${this.#maxBytes} bytes`);
    }
    this.#body = Buffer.allocUnsafe(length + CRLF.length);
    this.#filled = 0;
  }
}
