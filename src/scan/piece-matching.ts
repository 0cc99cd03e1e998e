import { Budget } from './budget.ts';
import type { Engine } from './engines/engine.ts';
import { JoinedContents, MAX_JOINED_BYTES, MAX_JOINED_PIECE_BYTES } from './joined-contents.ts';
import type { PieceRecord } from './piece-ledger.ts';
import type { Piece } from './piece.ts';
import type { ScanOutcome } from './scan-outcome.ts';
import { SeenRanges } from './seen-ranges.ts';
import type { Finding } from './verdict.ts';

/** Given to engines that do not look at it: most pieces match nothing, and then nobody needs their digest. */
const UNASKED_DIGEST = '';

/** For contents that still wait when the time of the scan is over, milliseconds; they are few and small. */
const LAST_LOOK_MS = 2_000;

export interface MatchingParts {
  readonly engines: readonly Engine[];
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/**
 * Asks the engines about every piece of one message. Where an engine can look at many at once, small pieces wait for
 * each other, and parts of what it found nothing in are not looked at again; where it may have found something, each
 * is inspected by itself, so that the findings are the same.
 */
export class PieceMatching {
  /** Distinct pieces that were matched. */
  count = 0;
  matchMs = 0;
  readonly #all: readonly Engine[];
  readonly #alone: readonly Engine[];
  readonly #joining: readonly Engine[];
  readonly #outcome: ScanOutcome;
  readonly #budget: Budget;
  readonly #now: () => number;
  readonly #joined = new JoinedContents();
  readonly #clean = new SeenRanges();
  readonly #waiting = new SeenRanges();

  constructor({ engines, now }: MatchingParts, outcome: ScanOutcome, budget: Budget) {
    this.#all = engines;
    this.#alone = engines.filter(({ mayMatch }) => mayMatch === undefined);
    this.#joining = engines.filter(({ mayMatch }) => mayMatch !== undefined);
    this.#outcome = outcome;
    this.#budget = budget;
    this.#now = now;
  }

  /**
   * True when the piece waits, so that its content must not be forgotten yet. `sources`: memory of which `piece` is a
   * copy, when it is put together from parts.
   */
  async match(
    piece: Piece,
    record: PieceRecord,
    sources: readonly Uint8Array[] = [piece.bytes],
  ): Promise<boolean> {
    const started = this.#now();
    this.count += 1;
    const isSeen = this.#joining.length === 0 || this.#clean.has(piece.bytes);
    const isSmall = piece.bytes.length <= MAX_JOINED_PIECE_BYTES;
    const isClean = !isSmall && !isSeen && this.#mayNotMatch(piece.bytes);
    const engines = isSeen || isSmall || isClean ? this.#alone : this.#all;
    await this.#inspectAll(engines, piece, record, this.#budget);
    if (!isSeen && isSmall) {
      await this.#join(piece, record, sources);
    } else if (!isSeen && isClean) {
      for (const source of sources) {
        this.#clean.add(source);
      }
    }
    this.matchMs += this.#now() - started;
    return !isSeen && isSmall;
  }

  /** The content was matched before, under another name. */
  async matchNames(piece: Piece, record: PieceRecord): Promise<void> {
    const asking = this.#all.filter(({ asksNames }) => asksNames === true);
    await this.#inspectAll(asking, piece, record, this.#budget);
  }

  /** Looks at what still waits, however the scan ended. */
  async finish(): Promise<void> {
    const started = this.#now();
    await this.#flush();
    this.matchMs += this.#now() - started;
  }

  /** True when the sieve of every engine that has one holds these bytes back. */
  #mayNotMatch(bytes: Uint8Array): boolean {
    return this.#joining.every((engine) => !mayMatch(engine, bytes, this.#budget));
  }

  async #join(piece: Piece, record: PieceRecord, sources: readonly Uint8Array[]): Promise<void> {
    const isInside = this.#waiting.has(piece.bytes);
    this.#joined.add({ piece, record }, isInside);
    for (const source of isInside ? [] : sources) {
      this.#waiting.add(source);
    }
    if (this.#joined.length >= MAX_JOINED_BYTES) {
      await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    if (this.#joined.count === 0) {
      return;
    }
    const budget = this.#budget.remainingMs() > 0 ? this.#budget : this.#lastLook();
    const { bytes, pieces } = this.#joined.take(this.#budget.allocate(this.#joined.length));
    this.#waiting.clear();
    for (const engine of this.#joining) {
      if (pieces.length === 1 || mayMatch(engine, bytes, budget)) {
        for (const { piece, record } of pieces) {
          await this.#inspectAll([engine], piece, record, budget);
        }
      }
    }
    for (const { record } of pieces) {
      record.content.forget();
    }
  }

  /** What was there before the time was over is told, as if it had been looked at when it was met. */
  #lastLook(): Budget {
    return new Budget({ ...this.#budget.limits, timeMs: LAST_LOOK_MS }, this.#now);
  }

  /** One after the other, in their order. */
  async #inspectAll(
    engines: readonly Engine[],
    piece: Piece,
    record: PieceRecord,
    budget: Budget,
  ): Promise<void> {
    const take = (findings: readonly Finding[]): void => this.#found(record, findings);
    for (const engine of engines) {
      const pending = this.#outcome.attempt(record, 'engine-failed', `engine ${engine.name}`, () => {
        const result = inspect(engine, piece, record, budget);
        return result instanceof Promise ? result.then(take) : take(result);
      });
      if (pending !== undefined) {
        await pending;
      }
    }
  }

  #found(record: PieceRecord, findings: readonly Finding[]): void {
    const fresh = findings.filter((finding) => isFresh(finding, record));
    if (fresh.length === 0) {
      return;
    }
    const digested = fresh.map((finding) =>
      finding.sha256 === UNASKED_DIGEST ? { ...finding, sha256: record.content.sha256 } : finding,
    );
    this.#outcome.found(record, digested);
  }
}

/** False when the content was found by that rule before, under another name or label. */
function isFresh({ engine, namespace, rule }: Finding, { declared }: PieceRecord): boolean {
  const before = declared.size;
  return declared.add(`found ${engine} ${namespace} ${rule}`).size > before;
}

function inspect(engine: Engine, piece: Piece, record: PieceRecord, budget: Budget) {
  const sha256 = engine.asksDigest === false ? UNASKED_DIGEST : record.content.sha256;
  return engine.inspect(piece, sha256, budget);
}

/** An engine that fails with many pieces is asked about each. */
function mayMatch(engine: Engine, bytes: Uint8Array, budget: Budget): boolean {
  try {
    return engine.mayMatch?.(bytes, budget) ?? true;
  } catch {
    return true;
  }
}
