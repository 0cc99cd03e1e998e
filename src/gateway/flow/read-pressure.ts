import type { HeldMessages } from '../held-messages.ts';
import type { OutputQueue } from '../output-queue.ts';
import type { ReadGate } from '../read-gate.ts';
import type { Relay, Side } from '../relay.ts';

/** Unwritten bytes of one side above which the other side is not read; held messages are counted apart. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** Messages held by one session: bounds its temporary files. */
const MAX_HELD_MESSAGES = 128;

export interface PressureParts {
  readonly out: Readonly<Record<Side, OutputQueue>>;
  readonly gates: Readonly<Record<Side, ReadGate>>;
  readonly held: HeldMessages;
  readonly relay: Pick<Relay, 'isSaturated'>;
  readonly maxSessionSpoolBytes: number;
}

/** Decides which side of a session may be read. */
export class ReadPressure {
  readonly #parts: PressureParts;
  /** Who sends what is being held: the server, or a client that uploads. */
  contentFrom: Side = 'upstream';

  constructor(parts: PressureParts) {
    this.#parts = parts;
  }

  /** To be called after anything happened. */
  settle(): 'flowing' | 'stuck' {
    const { held, relay, out } = this.#parts;
    const isFull = this.#isFull();
    const isPaused = held.isPaused;
    this.#gate('upstream', isFull || isPaused);
    const isClientFull = relay.isSaturated || out.upstream.queuedBytes > MAX_QUEUED_BYTES;
    // Who waits for his mail is listened to, so that it is known when he leaves.
    this.#gate('client', isFull || isClientFull || (isPaused && this.contentFrom === 'client'));
    return isFull && this.#isStuck() ? 'stuck' : 'flowing';
  }

  #gate(side: Side, isClosed: boolean): void {
    const gate = this.#parts.gates[side];
    if (isClosed === gate.isClosedFor('pressure')) return;
    if (isClosed) gate.close('pressure');
    else gate.open('pressure');
  }

  #isFull(): boolean {
    const { out, held, maxSessionSpoolBytes } = this.#parts;
    return (
      out.client.queuedBytes > MAX_QUEUED_BYTES ||
      held.bytes > maxSessionSpoolBytes ||
      (held.count > MAX_HELD_MESSAGES && !this.#isQuiet()) ||
      held.isDiskBehind
    );
  }

  /** Nothing that is under way will make room: what is held is larger than what may be held. */
  #isStuck(): boolean {
    return this.#isQuiet() && this.#parts.held.pendingBytes === 0;
  }

  /** No answer is awaited and nothing waits to be written: only a peer can go on. */
  #isQuiet(): boolean {
    const { out, held } = this.#parts;
    return out.client.isIdle && out.upstream.isIdle && !held.isWorking;
  }
}
