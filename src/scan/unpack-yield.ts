import { type Budget, ScanLimitError } from './budget.ts';
import type { Piece } from './piece.ts';
import type { Spelling, Yield } from './unpack/unpacker.ts';
import type { UnscannableCause } from './verdict.ts';

/** Longest name of one object in a path; what is shown to people must not be flooded by names. */
const MAX_NAME_LENGTH = 120;

/** What the pipeline does with the output of one unpacker on one piece. */
export interface YieldTarget {
  emit(piece: Piece, spelling: Spelling | undefined): void;
  cannot(cause: UnscannableCause, detail: string, isCut?: boolean): void;
  passwords(): readonly string[];
}

/** Printable, bounded, without path separators. */
export function safeName(name: string): string {
  const clean = name.slice(0, 4 * MAX_NAME_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Cs}/\\]+/gu, '_');
  return clean.slice(-MAX_NAME_LENGTH) || '_';
}

/** Counts what one unpacker gives out of one piece against the budget of the message. */
export class UnpackYield implements Yield {
  readonly budget: Budget;
  readonly #piece: Piece;
  readonly #target: YieldTarget;
  #outputBytes = 0;

  constructor(piece: Piece, budget: Budget, target: YieldTarget) {
    this.budget = budget;
    this.#piece = piece;
    this.#target = target;
  }

  emit(name: string, bytes: Uint8Array, spelling?: Spelling): void {
    this.budget.checkTime();
    if (bytes.length > this.budget.limits.maxObjectBytes) {
      this.#refuse(
        new ScanLimitError('bomb', `object larger than ${this.budget.limits.maxObjectBytes} bytes`),
      );
    }
    this.#outputBytes += bytes.length;
    this.#counted(() => {
      this.budget.spendBytes(bytes.length);
      this.budget.checkRatio(this.#piece.bytes.length, this.#outputBytes);
    });
    const path = `${this.#piece.path}/${safeName(name)}`;
    const child = { path, name, bytes, depth: this.#piece.depth + 1, ...this.#readingsOf(bytes, spelling) };
    this.#counted(() => this.#target.emit(child, spelling));
  }

  /** What is the same text shares what is left for it. */
  #readingsOf(bytes: Uint8Array, spelling: Spelling | undefined): Pick<Piece, 'readings'> {
    const { readings } = this.#piece;
    if (spelling === undefined || readings === undefined) return {};
    readings.spend(bytes.length);
    return { readings };
  }

  cannot(cause: UnscannableCause, detail: string, isCut?: boolean): void {
    this.#target.cannot(cause, detail, isCut);
  }

  passwords(): readonly string[] {
    return this.#target.passwords();
  }

  /** An unpacker may swallow what is thrown at it; the limit is on record all the same. */
  #counted(spend: () => void): void {
    try {
      spend();
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): never {
    if (error instanceof ScanLimitError) {
      this.#target.cannot(error.scanCause, error.message);
    }
    throw error;
  }
}
