import type { ScanReport, ScanSubject } from '../scan/scanner.ts';
import type { UnscannableCause } from '../scan/verdict.ts';

export interface VerdictCacheOptions {
  /** Size in entries of one finding or less; a report with many findings counts as several. */
  readonly maxEntries: number;
  /** Milliseconds after which a verdict is judged anew although the rules are the same. */
  readonly maxAgeMs: number;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

interface Entry {
  readonly report: ScanReport;
  readonly storedAt: number;
  readonly weight: number;
}

/** The same bytes under the same rules end like this every time; the other causes are about the moment. */
const LASTING_CAUSES: ReadonlySet<UnscannableCause> = new Set([
  'too-deep',
  'too-large',
  'bomb',
  'malformed',
  'encrypted',
]);

/** Do the bytes themselves decide it, so that it is worth keeping? */
export function isLasting({ verdict }: ScanReport): boolean {
  return verdict.kind === 'unscannable' ? LASTING_CAUSES.has(verdict.cause) : verdict.kind !== 'skipped';
}

function weightOf({ verdict, guilt }: ScanReport): number {
  const findings = 'findings' in verdict ? verdict.findings.length : 0;
  const ranges = guilt.kind === 'ranges' ? guilt.ranges.length : 0;
  return Math.max(1, findings + ranges);
}

/**
 * What is known about content, by its key, subject and rule-set generation: a new generation finds nothing of
 * an older one. Bounded, least recently used out first. Keeps only verdicts that the bytes themselves decide.
 */
export class VerdictCache {
  readonly #options: VerdictCacheOptions;
  /** In the order of use. */
  readonly #entries = new Map<string, Entry>();
  #weight = 0;

  constructor(options: VerdictCacheOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  find(content: string, subject: ScanSubject, generation: string): ScanReport | undefined {
    const key = keyOf(content, subject, generation);
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      return undefined;
    }
    this.#entries.delete(key);
    if (this.#options.now() - entry.storedAt >= this.#options.maxAgeMs) {
      this.#weight -= entry.weight;
      return undefined;
    }
    this.#entries.set(key, entry);
    return entry.report;
  }

  /** Keeps a report on the content of that key under its own generation, if it is one to keep. */
  store(content: string, report: ScanReport, subject: ScanSubject): void {
    if (report.sha256 === '' || !isLasting(report)) {
      return;
    }
    const key = keyOf(content, subject, report.generation);
    this.#remove(key);
    const entry = { report, storedAt: this.#options.now(), weight: weightOf(report) };
    this.#entries.set(key, entry);
    this.#weight += entry.weight;
    this.#shrink();
  }

  #shrink(): void {
    for (const key of this.#entries.keys()) {
      if (this.#weight <= this.#options.maxEntries) {
        return;
      }
      this.#remove(key);
    }
  }

  #remove(key: string): void {
    this.#weight -= this.#entries.get(key)?.weight ?? 0;
    this.#entries.delete(key);
  }
}

function keyOf(content: string, subject: ScanSubject, generation: string): string {
  return `${generation} ${subject} ${content}`;
}
