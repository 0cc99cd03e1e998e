import { isIP } from 'node:net';

/** The ends of a connection as a proxy in front of us saw it. */
export interface ProxiedEnds {
  readonly client: SocketEnd;
  readonly destination: SocketEnd;
}

export interface SocketEnd {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeaderReading =
  | { readonly kind: 'undecided' }
  | { readonly kind: 'refused'; readonly why: 'not-proxy' | 'malformed' | 'too-long' }
  /** `ends` is undefined when the proxy speaks for itself (health checks: LOCAL, UNKNOWN). */
  | { readonly kind: 'header'; readonly ends: ProxiedEnds | undefined; readonly length: number };

/** The PROXY protocol, revision 2020/03/05, section 2.1: the longest line of version 1. */
const MAX_V1_BYTES = 107;
/** Addresses of IPv6 take 36 bytes; the rest is for extensions (TLVs), which nobody needs to be larger. */
const MAX_V2_PAYLOAD = 2048;
const V2_SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const V2_HEADER = 16;
const V1_START = Buffer.from('PROXY ');
const V2_BYTES = { ipv4: 12, ipv6: 36 } as const;

const UNDECIDED: ProxyHeaderReading = { kind: 'undecided' };
const MALFORMED: ProxyHeaderReading = { kind: 'refused', why: 'malformed' };

/** Feed it everything received so far until it decides. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeaderReading {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (beginsLike(input, V2_SIGNATURE)) return input.length < V2_HEADER ? UNDECIDED : readV2(input);
  if (beginsLike(input, V1_START)) return readV1(input);
  return { kind: 'refused', why: 'not-proxy' };
}

function beginsLike(input: Buffer, start: Buffer): boolean {
  const length = Math.min(input.length, start.length);
  return input.subarray(0, length).equals(start.subarray(0, length));
}

function readV1(input: Buffer): ProxyHeaderReading {
  const end = input.subarray(0, MAX_V1_BYTES).indexOf('\r\n');
  if (end < 0) return input.length >= MAX_V1_BYTES ? { kind: 'refused', why: 'too-long' } : UNDECIDED;
  const length = end + 2;
  const line = input.toString('latin1', 0, end);
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { kind: 'header', ends: undefined, length };
  const match = /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(line);
  const version = match?.[1] === 'TCP4' ? 4 : 6;
  const client = endOf(match?.[2], match?.[4], version);
  const destination = endOf(match?.[3], match?.[5], version);
  if (client === undefined || destination === undefined) return MALFORMED;
  return { kind: 'header', ends: { client, destination }, length };
}

function endOf(address = '', port = '', version: 4 | 6): SocketEnd | undefined {
  const isCanonical = /^(?:0|[1-9]\d*)$/.test(port) && Number(port) <= 65_535;
  return isIP(address) === version && !address.includes('%') && isCanonical
    ? { address, port: Number(port) }
    : undefined;
}

function readV2(input: Buffer): ProxyHeaderReading {
  const versionAndCommand = input.readUInt8(12);
  const family = input.readUInt8(13);
  const payload = input.readUInt16BE(14);
  if (payload > MAX_V2_PAYLOAD) return { kind: 'refused', why: 'too-long' };
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) return MALFORMED;
  const length = V2_HEADER + payload;
  if (input.length < length) return UNDECIDED;
  if (versionAndCommand === 0x20) return { kind: 'header', ends: undefined, length };
  const body = input.subarray(V2_HEADER, length);
  if (family === 0x11 && payload >= V2_BYTES.ipv4) return { kind: 'header', ends: v2Ends(body, 4), length };
  if (family === 0x21 && payload >= V2_BYTES.ipv6) return { kind: 'header', ends: v2Ends(body, 16), length };
  return MALFORMED;
}

function v2Ends(body: Buffer, size: 4 | 16): ProxiedEnds {
  const at = size * 2;
  return {
    client: { address: addressOf(body.subarray(0, size)), port: body.readUInt16BE(at) },
    destination: { address: addressOf(body.subarray(size, at)), port: body.readUInt16BE(at + 2) },
  };
}

export function addressOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const view = Buffer.from(bytes);
  const groups = Array.from({ length: 8 }, (_, index) => view.readUInt16BE(index * 2).toString(16));
  // The shortest form that URL parsers agree on (RFC 5952).
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** What we tell a server behind us. Both ends must be of one family; otherwise the header says UNKNOWN. */
export function writeProxyHeader(version: 'v1' | 'v2', ends: ProxiedEnds): Buffer {
  const family = isIP(ends.client.address);
  const isKnown = family !== 0 && family === isIP(ends.destination.address);
  return version === 'v1' ? v1(ends, isKnown, family) : v2(ends, isKnown, family);
}

function v1({ client, destination }: ProxiedEnds, isKnown: boolean, family: number): Buffer {
  if (!isKnown) return Buffer.from('PROXY UNKNOWN\r\n');
  const words = [client.address, destination.address, client.port, destination.port];
  return Buffer.from(`PROXY TCP${family} ${words.join(' ')}\r\n`);
}

function v2({ client, destination }: ProxiedEnds, isKnown: boolean, family: number): Buffer {
  if (!isKnown) return Buffer.concat([V2_SIGNATURE, Buffer.from([0x20, 0, 0, 0])]);
  const addresses = Buffer.concat([bytesOf(client.address), bytesOf(destination.address)]);
  const header = Buffer.from([0x21, family === 4 ? 0x11 : 0x21, 0, addresses.length + 4]);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(client.port, 0);
  ports.writeUInt16BE(destination.port, 2);
  return Buffer.concat([V2_SIGNATURE, header, addresses, ports]);
}

/** The octets of a valid address. */
export function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const groups = expand(new URL(`http://[${address}]/`).hostname.slice(1, -1));
  const bytes = Buffer.alloc(16);
  groups.forEach((group, index) => bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2));
  return bytes;
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  if (tail === undefined) return left;
  const right = tail === '' ? [] : tail.split(':');
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
}
