import type { Clock } from '../../base/clock.ts';
import type { ScanReport, ScanSubject } from '../../scan/scanner.ts';
import { isLasting } from '../verdict-cache.ts';
import type { OpenStore } from './shared-store.ts';
import { StoreBreaker } from './store-breaker.ts';
import { type VerdictName, VerdictSeal } from './verdict-seal.ts';

/** What became of one question: a closed set, for a metric label. */
export type SharedLookup = 'hit' | 'miss' | 'rejected' | 'failed' | 'unavailable';

/** Verdicts of other gateways, and ours for them. Only ever makes a scan unnecessary. */
export interface SharedVerdicts {
  /** Never rejects; undefined means: scan it. */
  find(name: VerdictName): Promise<ScanReport | undefined>;
  /** Returns at once. Keeps only verdicts that the bytes themselves decide. */
  store(report: ScanReport, subject: ScanSubject): void;
}

export interface SharedVerdictsOptions {
  readonly open: OpenStore;
  readonly secret: string;
  /** See `SealOptions`. */
  readonly settings: string;
  readonly maxAgeMs: number;
  /** For one question, milliseconds: a scan waits for it. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onLookup: (outcome: SharedLookup) => void;
  readonly onStore: (outcome: 'stored' | 'failed') => void;
  readonly onChange: (isUsable: boolean, reason: string) => void;
}

export class StoredVerdicts implements SharedVerdicts {
  readonly #options: SharedVerdictsOptions;
  readonly #seal: VerdictSeal;
  readonly #breaker: StoreBreaker;

  constructor(options: SharedVerdictsOptions) {
    const { secret, settings, maxAgeMs, clock, open, timeoutMs, onChange } = options;
    this.#options = options;
    this.#seal = new VerdictSeal({ secret, settings, maxAgeMs, now: () => clock.now() });
    this.#breaker = new StoreBreaker({ open, timeoutMs, clock, onChange });
  }

  get isUsable(): boolean {
    return this.#breaker.isUsable;
  }

  start(): void {
    this.#breaker.start();
  }

  close(): void {
    this.#breaker.close();
  }

  async find(name: VerdictName): Promise<ScanReport | undefined> {
    const key = this.#seal.keyOf(name);
    const answer = await this.#breaker.ask(async (store) => await store.get(key));
    const entry = typeof answer === 'string' ? undefined : answer.value;
    const report = entry === undefined ? undefined : this.#seal.open(key, entry, name);
    const known = report === undefined ? (entry === undefined ? 'miss' : 'rejected') : 'hit';
    this.#options.onLookup(typeof answer === 'string' ? answer : known);
    return report;
  }

  store(report: ScanReport, subject: ScanSubject): void {
    const { sha256, generation } = report;
    if (sha256 === '' || !isLasting(report) || !this.#breaker.isUsable) return;
    const key = this.#seal.keyOf({ sha256, subject, generation });
    const entry = this.#seal.seal(key, report);
    if (entry !== undefined) void this.#put(key, entry);
  }

  async #put(key: string, entry: Buffer): Promise<void> {
    const { maxAgeMs, onStore } = this.#options;
    const answer = await this.#breaker.ask(async (store) => await store.set(key, entry, maxAgeMs));
    onStore(typeof answer === 'string' ? 'failed' : 'stored');
  }
}
