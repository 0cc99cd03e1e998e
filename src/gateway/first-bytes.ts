/** What a peer that starts to speak on a mail port turns out to be. */
export type FirstBytes = 'undecided' | 'mail' | 'tls' | 'http';

const HTTP_METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'PATCH', 'PRI'];
/** `CONNECTxx`: the longest method, a blank and the first byte of the target. */
const ENOUGH_BYTES = 9;
const HTTP_LINE = new RegExp(`^(?:${HTTP_METHODS.join('|')}) (?:[/*]|[hH][tT][tT][pP])`);
const HTTP_PREFIXES = HTTP_METHODS.flatMap((method) => [`${method} /`, `${method} *`, `${method} http`]);
/** Handshake record of SSL 3.0 to TLS 1.3. */
const TLS_RECORD = [0x16, 0x03];

/**
 * Browsers that are led to a mail port (ALPACA) and clients that speak TLS where clear text is expected are
 * closed before a mail parser sees them. Feed it everything received so far until it decides.
 */
export function classifyFirstBytes(bytes: Uint8Array): FirstBytes {
  if (bytes.length === 0) return 'undecided';
  if (bytes[0] === TLS_RECORD[0]) {
    if (bytes.length === 1) return 'undecided';
    return bytes[1] === TLS_RECORD[1] ? 'tls' : 'mail';
  }
  const text = Buffer.from(bytes.subarray(0, ENOUGH_BYTES + 3)).toString('latin1');
  if (HTTP_LINE.test(text)) return 'http';
  return HTTP_PREFIXES.some((prefix) => prefix.length > text.length && isPrefix(text, prefix))
    ? 'undecided'
    : 'mail';
}

function isPrefix(text: string, of: string): boolean {
  return of.toLowerCase().startsWith(text.toLowerCase());
}

/** Collects what a peer says first until it is known what it speaks. */
export class OpeningBytes {
  #held: Uint8Array | undefined = new Uint8Array(0);

  /** `bytes` is all of it, for whoever reads mail; once decided everything passes. */
  take(bytes: Uint8Array): { readonly kind: FirstBytes; readonly bytes: Uint8Array } {
    if (this.#held === undefined) return { kind: 'mail', bytes };
    const all = Buffer.concat([this.#held, bytes]);
    const kind = classifyFirstBytes(all);
    this.#held = kind === 'undecided' ? all : undefined;
    return { kind, bytes: all };
  }
}
