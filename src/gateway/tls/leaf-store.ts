import type { SecureContext } from 'node:tls';
import type { Authority, LeafRequest } from './authority.ts';
import type { KeyPair } from './certificate-writer.ts';
import type { Mint } from './mint-thread.ts';

/** Contexts take about 50 KB; a gateway before more servers than this mints some again. */
const MAX_LEAVES = 1000;
/** Before they end, so that no connection gets one that expires on the way. */
const RENEW_MS = 86_400_000;

interface Kept {
  readonly context: SecureContext;
  readonly until: number;
}

export interface LeafStoreParts {
  readonly authority: Authority;
  readonly mint: Mint;
  readonly contextOf: (pair: KeyPair) => SecureContext;
  readonly onMint: () => void;
}

/** Minted certificates, ready for handshakes, by what they were made for. The least recently used goes first. */
export class LeafStore {
  readonly #parts: LeafStoreParts;
  #authority: Authority;
  #kept = new Map<string, Kept>();
  /** Asked for by several at once, made once. */
  #minting = new Map<string, Promise<SecureContext>>();

  constructor(parts: LeafStoreParts) {
    this.#parts = parts;
    this.#authority = parts.authority;
  }

  /** Another root signs from now on. */
  replaceAuthority(authority: Authority): void {
    this.#authority = authority;
    this.#kept = new Map();
    this.#minting = new Map();
  }

  /** At once when it is there. Rejects when a name is missing. */
  get(key: string, request: () => LeafRequest): SecureContext | Promise<SecureContext> {
    const found = this.#kept.get(key);
    if (found !== undefined && found.until > Date.now()) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
      return found.context;
    }
    const underWay = this.#minting.get(key);
    if (underWay !== undefined) return underWay;
    const minting = this.#mint(key, request());
    this.#minting.set(key, minting);
    return minting;
  }

  async #mint(key: string, wanted: LeafRequest): Promise<SecureContext> {
    const { mint, contextOf, onMint } = this.#parts;
    const authority = this.#authority;
    try {
      const context = contextOf(await mint.mint(authority, wanted));
      onMint();
      if (authority === this.#authority) {
        this.#keep(key, { context, until: (wanted.notAfter?.getTime() ?? Infinity) - RENEW_MS });
      }
      return context;
    } finally {
      if (authority === this.#authority) this.#minting.delete(key);
    }
  }

  #keep(key: string, kept: Kept): void {
    const until = Math.min(kept.until, Date.now() + 90 * RENEW_MS);
    this.#kept.set(key, { ...kept, until });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_LEAVES && oldest !== undefined) this.#kept.delete(oldest);
  }
}
