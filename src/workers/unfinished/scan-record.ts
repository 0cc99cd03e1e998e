import { openSync, writeSync } from 'node:fs';
import { LINE_BYTES, lineOf, SLOTS, slotLine, slotOffset, suspectOffset } from './record-format.ts';
import { isRefused, type ScanTerms, type Suspect } from './suspects.ts';

/** How a scan thread takes part. Plain data: it crosses to the thread. */
export interface RecordAccess {
  readonly path: string;
  /** `STATE` of all threads. */
  readonly state: SharedArrayBuffer;
  /** In the order of the file. */
  readonly suspects: readonly Suspect[];
  /** Digest of what a scan depends on beside message and rules. */
  readonly settings: string;
}

/** Numbers that the threads share: how many slots were taken; 1 once nothing more is recorded. */
export const STATE = { taken: 0, isClosed: 1, bytes: 2 * Int32Array.BYTES_PER_ELEMENT } as const;

const BLANK = lineOf('');

/**
 * What this thread scans, where it outlives the process. One line is written before each scan and taken away after it;
 * a thread that is lost leaves its line, since its native code may go on and end the process later. A file that
 * cannot be written costs no scan: its main thread has looked at the start.
 */
export class ScanRecord {
  readonly #terms: ScanTerms;
  readonly #now: () => number;
  readonly #file: number | undefined;
  readonly #state: Int32Array;
  readonly #offset: number;
  readonly #suspects: Map<string, { readonly suspect: Suspect; readonly offset: number }>;

  /** `rules`: digest of the rules. `now`: milliseconds since 1970. */
  constructor({ path, state, suspects, settings }: RecordAccess, rules: string, now: () => number) {
    this.#terms = { settings, rules };
    this.#now = now;
    this.#file = opened(path);
    this.#state = new Int32Array(state);
    // Threads come one after the other: whose slot comes round again has ended long before.
    this.#offset = slotOffset(Atomics.add(this.#state, STATE.taken, 1) % SLOTS);
    this.#suspects = new Map(
      suspects.map((suspect, index) => [suspect.sha256, { suspect, offset: suspectOffset(index) }]),
    );
  }

  /** Has this message been scanned too often when the process ended? */
  refuses(sha256: string): boolean {
    const entry = this.#suspects.get(sha256);
    return entry !== undefined && isRefused(entry.suspect, this.#terms, this.#now());
  }

  begin(sha256: string): void {
    if (Atomics.load(this.#state, STATE.isClosed) === 1) return;
    this.#write(slotLine({ sha256, ...this.#terms, begunAt: this.#now() }), this.#offset);
  }

  /** The scan has ended and the process has not: who was suspected is so no longer. */
  end(sha256: string): void {
    this.#write(BLANK, this.#offset);
    const entry = this.#suspects.get(sha256);
    if (entry !== undefined) {
      this.#suspects.delete(sha256);
      this.#write(BLANK, entry.offset);
    }
  }

  #write(line: Buffer, offset: number): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, line, 0, LINE_BYTES, offset);
    } catch {
      // A disk that fails is told by those who need it: quarantine and history.
    }
  }
}

/** A descriptor of this thread, which ends with it: one of another thread could have become another file by then. */
function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r+');
  } catch {
    return undefined;
  }
}
