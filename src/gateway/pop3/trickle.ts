import { CRLF, reply } from './replies.ts';
import { MAX_REPLY_OCTETS } from './limits.ts';

/** What follows the genuine text while a scan lasts; clients read only `+OK`. */
const PADDING = ' scanning';

/**
 * The status line of a held reply, which may leave one octet at a time so that the client keeps waiting
 * (protocol notes 5.3). All of it is ours, so it tells nothing of the message.
 */
export class Trickle {
  readonly #line: Buffer;
  readonly #genuine: number;
  #sent = 0;

  constructor(text: string) {
    this.#line = Buffer.from((text + PADDING).padEnd(MAX_REPLY_OCTETS - CRLF.length, '.'), 'latin1');
    this.#genuine = text.length;
  }

  get begun(): boolean {
    return this.#sent > 0;
  }

  /** The next octet; undefined when the line is as long as RFC 2449 lets it be. */
  next(): Buffer | undefined {
    if (this.#sent === this.#line.length) {
      return undefined;
    }
    this.#sent += 1;
    return this.#line.subarray(this.#sent - 1, this.#sent);
  }

  /** What is missing to a whole line. */
  rest(): Buffer {
    return reply(this.#line.toString('latin1', this.#sent, Math.max(this.#sent, this.#genuine)));
  }
}
