import type { Clock } from '../base/clock.ts';
import type {
  Guilt,
  Located,
  MessageBytes,
  Patch,
  ScanReport,
  ScanRequest,
  Scanner,
} from '../scan/scanner.ts';
import type { JudgingScanner } from './judging-scanner.ts';
import { nameContent } from './message-source.ts';
import type { NamedContent } from './scan-job.ts';
import type { SharedVerdicts } from './shared-verdicts/shared-verdicts.ts';
import { unlessAborted } from './unless-aborted.ts';
import { VerdictCache } from './verdict-cache.ts';

export interface CachingScannerOptions {
  /** See `VerdictCacheOptions`. */
  readonly maxEntries: number;
  readonly maxAgeMs: number;
  readonly clock: Clock;
  readonly onLookup?: (outcome: 'hit' | 'miss') => void;
  /** What other gateways know; asked after the own memory. Absent: nobody else is asked. */
  readonly shared?: SharedVerdicts | undefined;
}

/** Up to here the key is calculated (0.2 ms at 20 GB/s) before another thread would be awake. */
const MAX_KEY_HERE_BYTES = 4 * 1024 * 1024;

function isReadHere(message: MessageBytes): boolean {
  const isSmall = message.byteLength <= MAX_KEY_HERE_BYTES;
  return isSmall && message.kind === 'memory' && message.byteLength <= message.buffer.byteLength;
}

/** A scanner that judges no content twice under one rule set, whoever asks for it. */
class CachingScanner implements Scanner {
  readonly #inner: JudgingScanner;
  readonly #options: CachingScannerOptions;
  readonly #cache: VerdictCache;

  constructor(inner: JudgingScanner, options: CachingScannerOptions) {
    const { maxEntries, maxAgeMs, clock } = options;
    this.#inner = inner;
    this.#options = options;
    this.#cache = new VerdictCache({ maxEntries, maxAgeMs, now: () => clock.monotonic() });
  }

  get generation(): string {
    return this.#inner.generation;
  }

  async scan(request: ScanRequest, signal?: AbortSignal): Promise<ScanReport> {
    const startedAt = this.#options.clock.monotonic();
    signal?.throwIfAborted();
    const content = await unlessAborted(this.#nameOf(request.message), signal);
    const own = content === undefined ? undefined : this.#find(request, content);
    const known = own ?? (await unlessAborted(this.#findShared(request, content), signal));
    if (known !== undefined) {
      const totalMs = this.#options.clock.monotonic() - startedAt;
      return { ...known, timings: { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs } };
    }
    return await unlessAborted(this.#judge(request, content, signal), signal);
  }

  neutralise(message: MessageBytes, guilt: Guilt, notice: string): Promise<readonly Patch[]> {
    return this.#inner.neutralise(message, guilt, notice);
  }

  locate(message: MessageBytes, needle: MessageBytes): Promise<Located> {
    return this.#inner.locate(message, needle);
  }

  /** Undefined when the message could not be read: what that means is for the workers to say. */
  async #nameOf(message: MessageBytes): Promise<NamedContent | undefined> {
    return isReadHere(message) ? nameContent(message) : await this.#inner.name(message);
  }

  #find({ subject, message }: ScanRequest, { key }: NamedContent): ScanReport | undefined {
    const found = this.#cache.find(key, subject, this.generation);
    const known = found?.bytes === message.byteLength ? found : undefined;
    this.#options.onLookup?.(known === undefined ? 'miss' : 'hit');
    return known;
  }

  async #findShared({ subject, message }: ScanRequest, content: NamedContent | undefined) {
    const { shared } = this.#options;
    if (shared === undefined || content === undefined) return undefined;
    const sha256 = content.sha256 ?? (await this.#inner.digest(message));
    if (sha256 === undefined) return undefined;
    const found = await shared.find({ sha256, subject, generation: this.generation });
    if (found?.bytes !== message.byteLength) return undefined;
    this.#cache.store(content.key, found, subject);
    return found;
  }

  /**
   * Keeps the report also when the caller has left by then, so that his next try is quick. A worker may have
   * read other bytes of a file than were hashed before (it was closed under it), so its own digest decides.
   */
  async #judge(
    request: ScanRequest,
    content: NamedContent | undefined,
    leave?: AbortSignal,
  ): Promise<ScanReport> {
    const report = await this.#inner.judge(request, { leave, content });
    if (content !== undefined && (content.sha256 ?? report.sha256) === report.sha256) {
      this.#cache.store(content.key, report, request.subject);
      this.#options.shared?.store(report, request.subject);
    }
    return report;
  }
}

/** Puts a verdict cache around a pool. */
export function createCachingScanner(inner: JudgingScanner, options: CachingScannerOptions): Scanner {
  return new CachingScanner(inner, options);
}
