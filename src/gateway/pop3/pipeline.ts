import type { CloseReason, MessageId } from '../relay.ts';
import { AuthExchange } from './auth-exchange.ts';
import type { Command } from './command.ts';
import { createExchange } from './create-exchange.ts';
import type { Exchange, ExchangeHost } from './exchange.ts';
import { MAX_OUTSTANDING, MAX_RETRIEVALS } from './limits.ts';
import { Retrieval } from './retrieval.ts';
import { LocalReply } from './single-reply.ts';

/** After these nothing is parsed before the reply: it decides what the next bytes mean. */
const BARRIERS: ReadonlySet<Command['kind']> = new Set(['auth', 'auth-list', 'pass', 'apop', 'stls', 'quit']);

/** Replies that may be long; behind a held message they would pile up. */
const LONG: ReadonlySet<Command['kind']> = new Set(['listing', 'capa', 'languages', 'auth-list']);

/** The commands under way: who is served next, on either side. */
export class Pipeline {
  readonly #host: ExchangeHost;
  /** In the order of the client's commands. */
  readonly #queue: Exchange[] = [];
  /** In the order in which the server answers. */
  readonly #awaiting: Exchange[] = [];
  #barrier: Exchange | undefined;

  constructor(host: ExchangeHost) {
    this.#host = host;
  }

  /** Whose turn it is towards the client. */
  get head(): Exchange | undefined {
    return this.#queue[0];
  }

  /** Whose reply the server's next bytes are. */
  get reader(): Exchange | undefined {
    return this.#awaiting[0];
  }

  get barrier(): Exchange | undefined {
    return this.#barrier;
  }

  /** The login that waits for a response of the client. */
  get responder(): AuthExchange | undefined {
    return this.#barrier instanceof AuthExchange && this.#barrier.awaitsClient ? this.#barrier : undefined;
  }

  /** The retrieval the client waits for. */
  get held(): Retrieval | undefined {
    return this.head instanceof Retrieval && this.head.isHolding ? this.head : undefined;
  }

  retrieval(message: MessageId): Retrieval | undefined {
    return this.#retrievals().find((exchange) => exchange.message === message);
  }

  mustWait(command: Command): boolean {
    const retrievals = this.#retrievals().length;
    if (command.kind === 'retrieve' && retrievals >= MAX_RETRIEVALS) {
      return true;
    }
    return this.#queue.length >= MAX_OUTSTANDING || (LONG.has(command.kind) && retrievals > 0);
  }

  begin(command: Command): void {
    const { exchange, wire } = createExchange(this.#host, command);
    this.#queue.push(exchange);
    if (BARRIERS.has(command.kind)) {
      this.#barrier = exchange;
    }
    if (wire !== undefined) {
      this.ask(exchange, wire);
    }
  }

  /** The last reply: it ends the session when its turn comes, and nothing is parsed any more. */
  finishWith(text: Buffer, reason: CloseReason): void {
    const last = new LocalReply(this.#host, text);
    last.out.push({ kind: 'close', reason });
    this.#queue.push(last);
    this.#barrier = last;
  }

  /** Sends a command; the server's reply to it belongs to the exchange. */
  ask(exchange: Exchange, wire: Buffer): void {
    this.#host.emit({ kind: 'send', to: 'upstream', bytes: wire });
    this.#awaiting.push(exchange);
  }

  /** To be called when the reader got bytes: lets the next one read when those were its last. */
  served(reader: Exchange): void {
    const followUp = reader.takeFollowUp();
    if (reader.reading === 'nothing' || followUp !== undefined) {
      this.#awaiting.shift();
    }
    if (followUp !== undefined) {
      this.ask(reader, followUp);
    }
  }

  /** Writes what is ready, in the order of the commands. */
  flush(): void {
    for (let { head } = this; head !== undefined; head = this.head) {
      for (const effect of head.out) {
        this.#host.emit(effect);
      }
      head.out.length = 0;
      if (!head.finished) {
        return;
      }
      this.#queue.shift();
      if (this.#barrier === head) {
        this.#barrier = undefined;
      }
    }
  }

  #retrievals(): Retrieval[] {
    return this.#queue.filter((exchange) => exchange instanceof Retrieval);
  }
}
