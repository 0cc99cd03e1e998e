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

/** IPv4 as itself also on a dual-stack socket; IPv6 by its /64, which is what one customer gets. */
function addressKey(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length);
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? Math.max(0, 8 - left.length - right.length) : 0;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return groups.slice(0, 4).join(':');
}
