/** What a TLS client says first (RFC 8446 section 4.1.2), as far as it decides anything here. */
export interface ClientHello {
  /** Lower case; empty when the client names none. */
  readonly serverName: string;
  readonly hasServerName: boolean;
  /** In the order of the client. */
  readonly protocols: readonly string[];
  readonly legacyVersion: number;
  readonly versions: readonly number[];
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  readonly signatureAlgorithms: readonly number[];
}

export type HelloReading =
  | { readonly kind: 'undecided' }
  | { readonly kind: 'not-tls' }
  /** It begins as TLS and is not a hello: whoever terminates TLS will refuse it. */
  | { readonly kind: 'malformed' }
  | { readonly kind: 'hello'; readonly hello: ClientHello };

/** RFC 8446 allows 64 KiB; real ones have 200 bytes to 2 KiB, with post-quantum keys. */
export const MAX_HELLO_BYTES = 16 * 1024;
/** Plaintext of one record, RFC 8446 section 5.1. */
const MAX_RECORD_BYTES = 16 * 1024;
const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 1;
const EXTENSION = { serverName: 0, signatureAlgorithms: 13, protocols: 16, versions: 43 } as const;

const UNDECIDED: HelloReading = { kind: 'undecided' };
const MALFORMED: HelloReading = { kind: 'malformed' };

/** The bytes end before the structure does. Never leaves this file. */
class Truncated extends Error {}

/** Reads big-endian numbers and vectors, never past the end. */
class HelloReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Truncated();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size);
  }

  /** A vector with its length in front. */
  vector(size: 1 | 2): HelloReader {
    return new HelloReader(this.take(this.number(size)));
  }

  bytes(size: 1 | 2): Buffer {
    return this.take(this.number(size));
  }

  numbers(): number[] {
    const values: number[] = [];
    while (!this.isAtEnd) values.push(this.number(2));
    return values;
  }
}

/** Feed it everything received so far until it decides. A hello may be spread over several records. */
export function readClientHello(bytes: Uint8Array): HelloReading {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (input.length === 0) return UNDECIDED;
  if (input[0] !== HANDSHAKE_RECORD) return { kind: 'not-tls' };
  if (input.length >= 2 && input[1] !== 3) return { kind: 'not-tls' };
  const message = joinRecords(input);
  if (message === 'malformed') return MALFORMED;
  if (message === 'incomplete') return input.length > MAX_HELLO_BYTES ? MALFORMED : UNDECIDED;
  try {
    return { kind: 'hello', hello: parseHello(new HelloReader(message)) };
  } catch (error) {
    if (error instanceof Truncated) return MALFORMED;
    throw error;
  }
}

/** The body of the first handshake message, out of its records. */
function joinRecords(input: Buffer): Buffer | 'incomplete' | 'malformed' {
  const fragments: Buffer[] = [];
  let size = 0;
  for (let at = 0; at + RECORD_HEADER <= input.length;) {
    const length = input.readUInt16BE(at + 3);
    const isHandshake = input[at] === HANDSHAKE_RECORD && input[at + 1] === 3;
    if (!isHandshake || length === 0 || length > MAX_RECORD_BYTES) return 'malformed';
    const fragment = input.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    fragments.push(fragment);
    size += fragment.length;
    at += RECORD_HEADER + length;
    const whole = messageOf(fragments, size);
    if (whole !== 'incomplete') return whole;
    if (fragment.length < length) return 'incomplete';
  }
  return 'incomplete';
}

function messageOf(fragments: readonly Buffer[], size: number): Buffer | 'incomplete' | 'malformed' {
  if (size < HANDSHAKE_HEADER) return 'incomplete';
  const joined = fragments.length === 1 ? (fragments[0] ?? Buffer.alloc(0)) : Buffer.concat(fragments);
  const length = joined.readUIntBE(1, 3);
  if (joined[0] !== CLIENT_HELLO || length > MAX_HELLO_BYTES) return 'malformed';
  return size < HANDSHAKE_HEADER + length
    ? 'incomplete'
    : joined.subarray(HANDSHAKE_HEADER, HANDSHAKE_HEADER + length);
}

function parseHello(reader: HelloReader): ClientHello {
  const legacyVersion = reader.number(2);
  reader.take(32); // random
  reader.bytes(1); // session id
  const ciphers = reader.vector(2).numbers();
  reader.bytes(1); // compression methods
  const bodies = reader.isAtEnd ? new Map<number, Buffer>() : readExtensions(reader.vector(2));
  const serverName = bodies.get(EXTENSION.serverName);
  return {
    serverName: serverName === undefined ? '' : firstHostName(new HelloReader(serverName)),
    hasServerName: serverName !== undefined,
    protocols: protocolNames(bodies.get(EXTENSION.protocols)),
    legacyVersion,
    versions: vectorOf(bodies.get(EXTENSION.versions), 1),
    ciphers,
    extensions: [...bodies.keys()],
    signatureAlgorithms: vectorOf(bodies.get(EXTENSION.signatureAlgorithms), 2),
  };
}

function readExtensions(reader: HelloReader): Map<number, Buffer> {
  const bodies = new Map<number, Buffer>();
  while (!reader.isAtEnd) {
    const type = reader.number(2);
    const body = reader.bytes(2);
    // RFC 8446 section 4.2: no type twice. Two readers of such a hello might see two names.
    if (bodies.has(type)) throw new Truncated();
    bodies.set(type, body);
  }
  return bodies;
}

/** RFC 6066 section 3: host_name is type 0, and there is only one. */
function firstHostName(reader: HelloReader): string {
  if (reader.isAtEnd) return '';
  const list = reader.vector(2);
  const type = list.number(1);
  const name = list.bytes(2).toString('latin1').toLowerCase();
  return type === 0 && /^[a-z0-9_.-]{1,253}$/.test(name) ? name : '';
}

function protocolNames(body: Buffer | undefined): string[] {
  if (body === undefined) return [];
  const list = new HelloReader(body).vector(2);
  const names: string[] = [];
  while (!list.isAtEnd) names.push(list.bytes(1).toString('latin1'));
  return names;
}

function vectorOf(body: Buffer | undefined, size: 1 | 2): number[] {
  return body === undefined ? [] : new HelloReader(body).vector(size).numbers();
}
