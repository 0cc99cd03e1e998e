import type { Effect, MessageId } from '../relay.ts';
import { type HeldOutput, type Prefix, sendText } from './client-output.ts';

/** A response that is no message but may carry text of users (METADATA): judged as a whole, or left out. */
export class HeldLine implements HeldOutput {
  readonly #text: string;
  readonly #message: MessageId;
  #isClean: boolean | undefined;

  /** `text` with its line end. */
  constructor(text: string, message: MessageId) {
    this.#text = text;
    this.#message = message;
  }

  settle(isClean: boolean): void {
    this.#isClean = isClean;
  }

  get isReady(): boolean {
    return this.#isClean !== undefined;
  }

  /** Unknown until the verdict: the line may not go out at all. */
  prefix(): Prefix {
    return { text: '', isWhole: false };
  }

  effects(): readonly Effect[] {
    const discard: Effect = { kind: 'discard', message: this.#message };
    return this.#isClean === true ? [sendText(this.#text), discard] : [discard];
  }
}
