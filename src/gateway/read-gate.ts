import type { Channel } from './channel.ts';

/** Why reading of one side is paused. */
export type GateReason = 'handshake' | 'pressure';

/** Reads one side only while nothing speaks against it. */
export class ReadGate {
  readonly #channel: Channel;
  readonly #reasons = new Set<GateReason>();

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Takes effect at once: no byte is read after it. */
  close(reason: GateReason): void {
    this.#reasons.add(reason);
    this.#channel.pause();
  }

  open(reason: GateReason): void {
    this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.#channel.resume();
  }

  isClosedFor(reason: GateReason): boolean {
    return this.#reasons.has(reason);
  }
}
