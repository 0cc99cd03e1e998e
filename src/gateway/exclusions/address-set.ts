import { BlockList, isIP } from 'node:net';
import { parseAddressList } from '../../base/config/address-list.ts';
import { canonicalAddress } from '../placement/canonical-address.ts';

/** Addresses, ranges and networks of both families, as one question. */
export class AddressSet {
  readonly #list = new BlockList();

  /** `text`: a valid list of addresses; the configuration was checked. */
  constructor(text: string) {
    const parsed = parseAddressList(text);
    for (const entry of 'entries' in parsed ? parsed.entries : []) {
      if (entry.kind === 'range') this.#list.addRange(entry.first, entry.last, entry.family);
      else this.#list.addSubnet(entry.network, entry.prefix, entry.family);
    }
  }

  has(address: string): boolean {
    const plain = canonicalAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  }
}
