import type { SecureContext } from 'node:tls';
import type { Authority, LeafRequest } from './authority.ts';
import type { KeyPair } from './certificate-writer.ts';

/** Contexts take about 50 KB; a gateway before more servers than this mints some again. */
const MAX_LEAVES = 1000;
/** Before they end, so that no connection gets one that expires on the way. */
const RENEW_MS = 86_400_000;

interface Kept {
  readonly context: SecureContext;
  readonly until: number;
}

/** Minted certificates, ready for handshakes, by what they were made for. The least recently used goes first. */
export class LeafStore {
  readonly #authority: Authority;
  readonly #contextOf: (pair: KeyPair) => SecureContext;
  readonly #kept = new Map<string, Kept>();

  constructor(authority: Authority, contextOf: (pair: KeyPair) => SecureContext) {
    this.#authority = authority;
    this.#contextOf = contextOf;
  }

  get(key: string, request: () => LeafRequest, onMint: () => void): SecureContext {
    const found = this.#kept.get(key);
    if (found !== undefined && found.until > Date.now()) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
      return found.context;
    }
    const wanted = request();
    const context = this.#contextOf(this.#authority.mint(wanted));
    onMint();
    this.#keep(key, { context, until: (wanted.notAfter?.getTime() ?? Infinity) - RENEW_MS });
    return context;
  }

  #keep(key: string, kept: Kept): void {
    const until = Math.min(kept.until, Date.now() + 90 * RENEW_MS);
    this.#kept.set(key, { ...kept, until });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_LEAVES && oldest !== undefined) this.#kept.delete(oldest);
  }
}
