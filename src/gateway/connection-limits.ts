import { addressKey } from '../base/address-key.ts';

export type RefusalReason = 'global' | 'address';

/** Counts open connections, in all and for each address. */
export class ConnectionLimits {
  readonly #maxTotal: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(maxTotal: number, maxPerAddress: number) {
    this.#maxTotal = maxTotal;
    this.#maxPerAddress = maxPerAddress;
  }

  /** Takes a place, or says which limit is reached. A place taken is given back with `leave`. */
  enter(address: string): RefusalReason | undefined {
    const key = addressKey(address);
    const count = this.#perAddress.get(key) ?? 0;
    if (this.#total >= this.#maxTotal) return 'global';
    if (count >= this.#maxPerAddress) return 'address';
    this.#total += 1;
    this.#perAddress.set(key, count + 1);
    return undefined;
  }

  leave(address: string): void {
    const key = addressKey(address);
    const count = this.#perAddress.get(key) ?? 0;
    this.#total -= 1;
    if (count <= 1) this.#perAddress.delete(key);
    else this.#perAddress.set(key, count - 1);
  }
}
