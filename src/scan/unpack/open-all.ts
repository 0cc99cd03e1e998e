import { createHash } from 'node:crypto';
import { Budget, ScanLimitError, type ScanLimits } from '../budget.ts';
import type { Piece } from '../piece.ts';
import { withReadings } from '../reading-allowance.ts';
import type { UnscannableCause } from '../verdict.ts';
import { createUnpackers } from './index.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** A small pipeline for the tests of this folder: recursion, digests, depth; no engines. */
export interface Opened {
  readonly pieces: readonly Piece[];
  readonly causes: readonly UnscannableCause[];
  readonly details: readonly string[];
  /** The limit that ended the whole opening. */
  readonly stopped?: ScanLimitError;
}

export const TEST_LIMITS: ScanLimits = {
  maxMessageBytes: 50_000_000,
  maxMimeDepth: 60,
  maxParts: 1000,
  maxHeaderBytes: 256 * 1024,
  maxHeaderFields: 1000,
  maxViews: 16,
  maxContainerDepth: 20,
  maxPieces: 2000,
  maxObjectBytes: 25_000_000,
  maxTotalBytes: 150_000_000,
  maxRatio: 200,
  ratioFloorBytes: 10_000_000,
  timeMs: 10_000,
};

class Opening {
  readonly pieces: Piece[] = [];
  readonly causes: UnscannableCause[] = [];
  readonly details: string[] = [];
  readonly #seen = new Set<string>();
  readonly #budget: Budget;
  readonly #unpackers: readonly Unpacker[];
  readonly #passwords: readonly string[];

  constructor(budget: Budget, unpackers: readonly Unpacker[], passwords: readonly string[]) {
    this.#budget = budget;
    this.#unpackers = unpackers;
    this.#passwords = passwords;
  }

  async open(piece: Piece): Promise<void> {
    for (const unpacker of this.#unpackers) {
      if (unpacker.recognises(piece)) {
        await this.#unpack(unpacker, piece);
      }
    }
  }

  async #unpack(unpacker: Unpacker, piece: Piece): Promise<void> {
    const inner: Piece[] = [];
    try {
      await unpacker.unpack(piece, this.#yieldFor(unpacker, piece, inner));
    } finally {
      this.pieces.push(...inner);
    }
    for (const next of inner) {
      if (next.depth > this.#budget.limits.maxContainerDepth) {
        this.causes.push('too-deep');
        return;
      }
      await this.open(next);
    }
  }

  #yieldFor(unpacker: Unpacker, piece: Piece, inner: Piece[]): Yield {
    return {
      budget: this.#budget,
      passwords: () => this.#passwords,
      cannot: (cause, detail) => {
        this.causes.push(cause);
        this.details.push(`${unpacker.name}: ${piece.path}: ${detail}`);
      },
      emit: (name, bytes, spelling) => {
        const digest = createHash('sha256').update(bytes).digest('hex');
        if (!this.#seen.has(digest)) {
          this.#seen.add(digest);
          this.#budget.spendBytes(bytes.length);
          this.#budget.spendPiece();
          const readings = spelling === undefined ? undefined : piece.readings;
          readings?.spend(bytes.length);
          const child = { path: `${piece.path}/${name}`, name, bytes, depth: piece.depth + 1, readings };
          inner.push(withReadings(child));
        }
      },
    };
  }
}

export interface OpenOptions {
  readonly name?: string;
  readonly passwords?: readonly string[];
  readonly limits?: Partial<ScanLimits>;
  readonly unpackers?: readonly Unpacker[];
  /** The budget's clock, milliseconds. */
  readonly now?: () => number;
}

/** Opens `bytes` recursively. Throws whatever an unpacker throws, except `ScanLimitError`. */
export async function openAll(bytes: Uint8Array, options: OpenOptions = {}): Promise<Opened> {
  const { name, passwords = [], limits = {}, unpackers = createUnpackers() } = options;
  const { now = () => performance.now() } = options;
  const opening = new Opening(new Budget({ ...TEST_LIMITS, ...limits }, now), unpackers, passwords);
  const named = name === undefined ? {} : { name };
  try {
    await opening.open(withReadings({ path: 'piece', bytes, depth: 0, ...named }));
  } catch (error) {
    if (!(error instanceof ScanLimitError)) {
      throw error;
    }
    const { pieces, causes, details } = opening;
    return { pieces, causes, details, stopped: error };
  }
  const { pieces, causes, details } = opening;
  return { pieces, causes, details };
}

/** Whether any opened piece contains `marker`. */
export function yields(opened: Opened, marker: string): boolean {
  return opened.pieces.some(({ bytes }) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(marker),
  );
}
