import { loadYara, type YaraRules } from './yara-binding.ts';

/** Time of one rule over some bytes, less what a scan costs without any rule. */
export interface RuleTime {
  readonly ms: number;
  readonly bytes: number;
}

/** Processor time beyond it is no measurement any more, milliseconds for one piece. */
const PIECE_TIMEOUT_MS = 5_000;
/** A single rule that runs at 500 MB/s; whole sets of 500 rules run faster. */
const SLOW_MS_PER_MB = 2;
const NO_RULE = 'rule nothing { condition: false }';

/** What a person compares: null where there is no measurement. */
export function msPerMb(time: RuleTime | undefined): number | null {
  return time === undefined || time.bytes === 0 ? null : Number((time.ms / (time.bytes / 1e6)).toFixed(4));
}

/** Dear enough to be looked at. */
export function isSlow(ms: number | null): boolean {
  return ms !== null && ms > SLOW_MS_PER_MB;
}

function pass(rules: YaraRules, pieces: readonly Uint8Array[], now: () => number): number {
  const started = now();
  for (const piece of pieces) {
    rules.scan(piece);
  }
  return now() - started;
}

/**
 * Measures rules one by one: each is compiled with nothing but what it needs and run over the same pieces. That
 * tells which rule is dear; it is not its share in a whole set, where the search for all texts is one pass.
 */
export class RuleProfiler {
  readonly #binding = loadYara();
  readonly #pieces: readonly Uint8Array[];
  readonly #bytes: number;
  readonly #now: () => number;
  readonly #emptyMs: number;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(pieces: readonly Uint8Array[], now: () => number) {
    this.#pieces = pieces;
    this.#now = now;
    this.#bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#emptyMs = pass(this.#compile(NO_RULE), pieces, now);
  }

  /** Undefined when the source does not compile alone, or is slower than a scan may be. */
  time(source: string): RuleTime | undefined {
    try {
      const ms = pass(this.#compile(source), this.#pieces, this.#now);
      return { ms: Math.max(0, ms - this.#emptyMs), bytes: this.#bytes };
    } catch {
      return undefined;
    }
  }

  #compile(source: string): YaraRules {
    const rules = this.#binding.compile(source, { enableIncludes: false });
    rules.setTimeout(PIECE_TIMEOUT_MS);
    rules.scan(new Uint8Array(1)); // builds the scanner, which is no part of what is measured
    return rules;
  }
}
