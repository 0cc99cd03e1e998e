import type { ScanSubject } from '../../scan/scanner.ts';
import type { Action } from '../policy/action.ts';
import type { Effect, MessageContext, MessageId } from '../relay.ts';

/** A scan that is wanted, and what follows from it. */
export interface ScanWish {
  readonly message: MessageId;
  readonly subject: ScanSubject;
  readonly settle: (action: Action) => void;
}

/** Which verdicts are awaited, and by whom. */
export class PendingVerdicts {
  readonly #emit: (effect: Effect) => void;
  readonly #contextOf: (uid: number | undefined) => MessageContext;
  readonly #pending = new Map<MessageId, (action: Action) => void>();

  constructor(emit: (effect: Effect) => void, contextOf: (uid: number | undefined) => MessageContext) {
    this.#emit = emit;
    this.#contextOf = contextOf;
  }

  ask(wish: ScanWish, lane: 'interactive' | 'bulk', uid: number | undefined): void {
    this.#pending.set(wish.message, wish.settle);
    const { message, subject } = wish;
    this.#emit({ kind: 'scan', message, subject, lane, context: this.#contextOf(uid) });
  }

  /** False when nobody here asked for it. */
  decided(message: MessageId, action: Action): boolean {
    const settle = this.#pending.get(message);
    this.#pending.delete(message);
    settle?.(action);
    return settle !== undefined;
  }
}
