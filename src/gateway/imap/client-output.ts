import type { Effect } from '../relay.ts';

/** The genuine bytes of a response up to its first content byte. */
export interface Prefix {
  readonly text: string;
  /** False while more of it may come: it is not known yet where the content begins. */
  readonly isWhole: boolean;
}

/** A response whose content waits for a verdict. */
export interface HeldOutput {
  /** Everything is decided: `effects` may be called. */
  readonly isReady: boolean;
  /** What may leave before the verdict; empty while nothing is sure to leave. */
  prefix(): Prefix;
  /** Writes the response without the first `alreadySent` bytes of its prefix. */
  write(out: EffectWriter, alreadySent: number): void;
}

/** Effects in order; neighbouring text becomes one write. */
export class EffectWriter {
  readonly #effects: Effect[] = [];
  #text = '';

  /** Latin1. */
  text(text: string): void {
    this.#text += text;
  }

  effect(effect: Effect): void {
    this.#flushText();
    this.#effects.push(effect);
  }

  finish(): Effect[] {
    this.#flushText();
    return this.#effects;
  }

  #flushText(): void {
    if (this.#text !== '') {
      this.#effects.push(sendText(this.#text));
      this.#text = '';
    }
  }
}

type Entry =
  | { readonly kind: 'text'; text: string }
  | { readonly kind: 'effect'; readonly effect: Effect }
  | { readonly kind: 'held'; readonly held: HeldOutput }
  /** Text that is only known when its turn comes. */
  | { readonly kind: 'late'; readonly text: () => string };

/**
 * What the client gets, in strict order (protocol notes 3.2): text at once when nothing is held before it. Text is
 * latin1. Nothing here ever reorders or drops.
 */
export class ClientOutput {
  #entries: Entry[] = [];
  #trickled = 0;

  text(text: string): void {
    const last = this.#entries.at(-1);
    if (last?.kind === 'text') {
      last.text += text;
    } else {
      this.#entries.push({ kind: 'text', text });
    }
  }

  late(text: () => string): void {
    this.#entries.push({ kind: 'late', text });
  }

  effect(effect: Effect): void {
    this.#entries.push({ kind: 'effect', effect });
  }

  hold(held: HeldOutput): void {
    this.#entries.push({ kind: 'held', held });
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get isHolding(): boolean {
    return this.#entries[0]?.kind === 'held';
  }

  /** A byte of a held response has left, so the response has to be finished as it was begun. */
  get hasBegunHeld(): boolean {
    return this.#trickled > 0;
  }

  /** Everything that may leave now. */
  flush(): Effect[] {
    if (this.#entries.length === 0) {
      return [];
    }
    const out = new EffectWriter();
    let done = 0;
    for (const entry of this.#entries) {
      if (entry.kind === 'held' && !entry.held.isReady) {
        break;
      }
      done += 1;
      this.#write(entry, out);
    }
    this.#entries = done === 0 ? this.#entries : this.#entries.slice(done);
    return out.finish();
  }

  /** One byte of the response that is held first; `exhausted` when everything before its content is spent. */
  tick(): Effect | 'nothing' | 'exhausted' {
    const first = this.#entries[0];
    const prefix = first?.kind === 'held' ? first.held.prefix() : undefined;
    if (prefix === undefined || this.#trickled >= prefix.text.length) {
      return prefix?.isWhole === true ? 'exhausted' : 'nothing';
    }
    const byte = prefix.text.charAt(this.#trickled);
    this.#trickled += 1;
    return sendText(byte);
  }

  #write(entry: Entry, out: EffectWriter): void {
    switch (entry.kind) {
      case 'text':
        out.text(entry.text);
        break;
      case 'late':
        out.text(entry.text());
        break;
      case 'effect':
        out.effect(entry.effect);
        break;
      case 'held':
        entry.held.write(out, this.#trickled);
        this.#trickled = 0;
    }
  }
}

export function sendText(text: string, to: 'client' | 'upstream' = 'client'): Effect {
  return { kind: 'send', to, bytes: Buffer.from(text, 'latin1') };
}
