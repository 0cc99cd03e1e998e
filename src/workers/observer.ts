import { type Budget, ScanLimitError } from '../scan/budget.ts';
import type { Engine } from '../scan/engines/engine.ts';
import type { Piece } from '../scan/piece.ts';
import type { Observations } from '../scan/scanner.ts';
import type { Finding, UnscannableCause } from '../scan/verdict.ts';

/** Findings of rules on trial for one message; enough to see that a rule is too broad. */
export const MAX_OBSERVED = 100;
/** Time that rules on trial may take of one message, milliseconds. What is left of it they do not see. */
export const SHADOW_TIME_MS = 1_000;
/** Failures of an engine itself. The other causes are about the content, and those always count. */
const OWN_FAILURES: ReadonlySet<UnscannableCause> = new Set(['engine-failed', 'timeout', 'too-large']);

/**
 * Collects what engines say whose word has no part in the verdict, for one message at a time: a thread judges
 * one after the other.
 */
export class Observer {
  readonly #now: () => number;
  readonly #shadow = new Map<string, Finding>();
  readonly #ignored = new Map<string, Observations['ignored'][number]>();
  /** Engines that are not asked again for this message. */
  readonly #given = new Set<string>();
  #shadowMs = 0;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  begin(): void {
    this.#shadow.clear();
    this.#ignored.clear();
    this.#given.clear();
    this.#shadowMs = 0;
  }

  /** What was noticed since `begin`; undefined when it is nothing. */
  observations(): Observations | undefined {
    return this.#shadow.size + this.#ignored.size === 0
      ? undefined
      : { shadow: [...this.#shadow.values()], ignored: [...this.#ignored.values()] };
  }

  /** `engine` as one on trial: whatever it finds is only noted, and so is whatever goes wrong with it. */
  onTrial(engine: Engine): Engine {
    return {
      name: 'shadow',
      inspect: async (piece, sha256, budget) => {
        if (this.#given.has('shadow')) {
          return [];
        }
        await this.#forgive('shadow', async () => {
          const started = this.#now();
          try {
            this.#note(await engine.inspect(piece, sha256, budget));
          } finally {
            this.#shadowMs += this.#now() - started;
          }
          if (this.#shadowMs > SHADOW_TIME_MS) {
            throw new ScanLimitError('timeout', 'rules on trial took too long');
          }
        });
        return [];
      },
    };
  }

  /** `engine` whose own failures are noted and otherwise ignored. Its findings count. */
  forgiving(engine: Engine): Engine {
    const inspect = async (piece: Piece, sha256: string, budget: Budget): Promise<readonly Finding[]> => {
      if (this.#given.has(engine.name)) {
        return [];
      }
      try {
        return await engine.inspect(piece, sha256, budget);
      } catch (reason) {
        budget.checkTime(); // the time of the whole message is nobody's own failure
        if (!(reason instanceof ScanLimitError) || !OWN_FAILURES.has(reason.scanCause)) {
          throw reason;
        }
        this.#give(engine.name, reason.scanCause);
        return [];
      }
    };
    return { name: engine.name, inspect };
  }

  async #forgive(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (reason) {
      this.#give(name, reason instanceof ScanLimitError ? reason.scanCause : 'engine-failed');
    }
  }

  #give(engine: string, cause: UnscannableCause): void {
    this.#ignored.set(`${engine} ${cause}`, { engine, cause });
    if (cause !== 'too-large') {
      this.#given.add(engine);
    }
  }

  #note(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (this.#shadow.size < MAX_OBSERVED) {
        const { namespace, rule, part } = finding;
        this.#shadow.set(`${namespace}/${rule} ${part}`, { ...finding, engine: 'shadow' });
      }
    }
  }
}
