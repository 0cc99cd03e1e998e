import { ScanLimitError } from '../budget.ts';
import type { Inflated, StreamEnd } from './tolerant-inflate.ts';
import type { Yield } from './unpacker.ts';

/** What is said about a stream that did not end well. */
export function reportEnd(out: Yield, what: string, end: StreamEnd): void {
  if (end === 'capped') {
    out.cannot('bomb', `${what} expands beyond the limit for one object`);
  } else if (end !== 'complete') {
    out.cannot('malformed', `${what} is ${end}`, end === 'truncated');
  }
}

/** Reports an expansion out of proportion instead of throwing, so that the other objects are still read. */
export function reportRatio(out: Yield, what: string, inputBytes: number, outputBytes: number): void {
  try {
    out.budget.checkRatio(inputBytes, outputBytes);
  } catch (error) {
    if (!(error instanceof ScanLimitError)) {
      throw error;
    }
    out.cannot(error.scanCause, `${what}: ${error.message}`);
  }
}

/** Emits what a stream gave, however it ended, and says what was wrong with it. `what` names the format, never content. */
export function emitStream(out: Yield, name: string, inflated: Inflated, what: string): void {
  if (inflated.bytes.length > 0) {
    out.emit(name, inflated.bytes);
  }
  reportRatio(out, what, inflated.consumed, inflated.bytes.length);
  reportEnd(out, what, inflated.end);
}

/** What fails to open at a guessed place says nothing about the piece; bombs and passwords do. */
export function withoutMalformed(out: Yield): Yield {
  return {
    budget: out.budget,
    emit: (name, bytes) => out.emit(name, bytes),
    passwords: () => out.passwords(),
    cannot: (cause, detail) => {
      if (cause !== 'malformed') {
        out.cannot(cause, detail);
      }
    },
  };
}
