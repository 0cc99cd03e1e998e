import type { MessageId } from '../relay.ts';
import type { ExchangeHost } from './exchange.ts';
import { DotUnstuffer } from './wire/dot-unstuffer.ts';
import { TopEnd } from './wire/top-end.ts';

/** One multi-line reply with message data on its way into the spool. */
export class IncomingContent {
  readonly message: MessageId;
  /** More arrived than may be kept: the entry is gone and the rest is dropped. */
  tooLarge = false;
  readonly #host: ExchangeHost;
  readonly #limit: number;
  readonly #top: TopEnd;
  readonly #unstuffer = new DotUnstuffer();
  #size = 0;

  /**
   * @param limit largest content in bytes
   * @param bodyLines lines of the body that the client will get; Infinity: all
   */
  constructor(host: ExchangeHost, limit: number, bodyLines: number) {
    this.#host = host;
    this.#limit = limit;
    this.#top = new TopEnd(bodyLines);
    this.message = host.nextMessage();
  }

  /** Announced size in bytes: a hint, never a promise, and never a reason to reserve more than is accepted. */
  open(sizeHint: number): void {
    this.#host.emit({ kind: 'open', message: this.message, sizeHint: Math.min(sizeHint, this.#limit) });
  }

  push(chunk: Buffer): { readonly consumed: number; readonly done: boolean } {
    const { content, consumed, done } = this.#unstuffer.push(chunk);
    if (content.length > 0 && !this.tooLarge) {
      this.#take(content);
    }
    return { consumed, done };
  }

  /** Bytes of the whole content. */
  get size(): number {
    return this.#size;
  }

  /** Bytes from the beginning that the client gets. */
  get end(): number {
    return this.#top.end(this.#size);
  }

  #take(content: Buffer): void {
    this.#size += content.length;
    if (this.#size > this.#limit) {
      this.tooLarge = true;
      this.#host.emit({ kind: 'discard', message: this.message });
      return;
    }
    this.#top.push(content);
    this.#host.emit({ kind: 'spool', message: this.message, bytes: content });
  }
}
