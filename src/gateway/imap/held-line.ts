import type { MessageId } from '../relay.ts';
import type { EffectWriter, HeldOutput, Prefix } from './client-output.ts';

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

  write(out: EffectWriter): void {
    if (this.#isClean === true) {
      out.text(this.#text);
    }
    out.effect({ kind: 'discard', message: this.#message });
  }
}
