import { isIP } from 'node:net';

/** One member of a list of addresses. */
export type AddressEntry =
  | { readonly kind: 'range'; readonly family: IpFamily; readonly first: string; readonly last: string }
  | { readonly kind: 'subnet'; readonly family: IpFamily; readonly network: string; readonly prefix: number };
export type IpFamily = 'ipv4' | 'ipv6';

export type AddressList =
  | { readonly entries: readonly AddressEntry[] }
  /** The first word that is no address, range or network, and why. */
  | { readonly bad: string; readonly why: string };

/** Longer lists are routing tables, not exclusions. */
const MAX_ENTRIES = 4096;

function familyOf(address: string): IpFamily | undefined {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}

/** The address as a number, to compare the ends of a range. The text must be a valid address. */
function numberOf(address: string, family: IpFamily): bigint {
  if (family === 'ipv4')
    return BigInt(address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0));
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/u.exec(address);
  const plain = dotted === null ? address : address.slice(0, dotted.index) + hexOfDotted(dotted[0]);
  const [head = '', tail] = plain.split('::');
  const left = head.split(':').filter((group) => group !== '');
  const right = (tail ?? '').split(':').filter((group) => group !== '');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...(tail === undefined ? [] : zeros), ...right].reduce(
    (sum, group) => sum * 65_536n + BigInt(`0x${group}`),
    0n,
  );
}

function hexOfDotted(dotted: string): string {
  const value = Number(numberOf(dotted, 'ipv4'));
  return `${(value >>> 16).toString(16)}:${(value & 0xff_ff).toString(16)}`;
}

/** `24` or `255.255.255.0`. */
function prefixOf(text: string, family: IpFamily): number | undefined {
  const most = family === 'ipv4' ? 32 : 128;
  if (/^\d{1,3}$/u.test(text)) return Number(text) <= most ? Number(text) : undefined;
  if (family !== 'ipv4' || familyOf(text) !== 'ipv4') return undefined;
  const bits = numberOf(text, 'ipv4').toString(2).padStart(32, '0');
  return /^1*0*$/u.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

function parseSubnet(network: string, length: string): AddressEntry | string {
  const family = familyOf(network);
  if (family === undefined) return 'its network is not an IP address';
  const prefix = prefixOf(length, family);
  return prefix === undefined
    ? `its length is not a number from 0 to ${family === 'ipv4' ? 32 : 128}`
    : { kind: 'subnet', family, network, prefix };
}

function parseRange(first: string, last: string): AddressEntry | string {
  const family = familyOf(first);
  if (family === undefined || familyOf(last) !== family) return 'its ends are not addresses of one family';
  return numberOf(first, family) > numberOf(last, family)
    ? 'it ends before it begins'
    : { kind: 'range', family, first, last };
}

function parseWord(word: string): AddressEntry | string {
  const [network = '', length, ...tooMany] = word.split('/');
  if (length !== undefined) return tooMany.length === 0 ? parseSubnet(network, length) : 'it has two slashes';
  const [first = '', last, ...more] = word.split('-');
  if (last !== undefined) return more.length === 0 ? parseRange(first, last) : 'it has two dashes';
  const family = familyOf(word);
  return family === undefined ? 'it is not an IP address' : { kind: 'range', family, first, last: first };
}

/**
 * Reads addresses (`10.0.0.5`, `2001:db8::1`), ranges (`10.0.0.1-10.0.0.9`) and networks (`10.0.0.0/8`,
 * `10.0.0.0/255.0.0.0`, `2001:db8::/32`), separated by comma, semicolon or newline.
 */
export function parseAddressList(text: string): AddressList {
  const words = text
    .replaceAll(/\s*-\s*/gu, '-')
    .split(/[,;\s]+/u)
    .filter((word) => word !== '');
  if (words.length === 0) return { bad: '', why: 'it is empty' };
  if (words.length > MAX_ENTRIES) return { bad: '', why: `it has more than ${MAX_ENTRIES} entries` };
  const entries: AddressEntry[] = [];
  for (const word of words) {
    const entry = parseWord(word);
    if (typeof entry === 'string') return { bad: word, why: entry };
    entries.push(entry);
  }
  return { entries };
}
