import type { Clock } from '../base/clock.ts';
import { neutralise } from '../scan/neutralise/neutralise.ts';
import type { Guilt, Located, MessageBytes, Patch } from '../scan/scanner.ts';
import { readMessage } from './message-source.ts';
import type { Errand, ErrandResult, NamedContent } from './scan-job.ts';
import { ThreadCrew } from './thread-crew.ts';
import type { TaskFailure } from './thread-pool.ts';

const ENTRY = new URL('./errand-worker.ts', import.meta.url);
/** Errands are plain byte work on one message; no heap to speak of. */
const HEAP_MB = 64;

export interface ErrandDeskOptions {
  /** Errands that may wait or run at a time; beyond it each is answered the cautious way at once. */
  readonly maxPending: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onFailure: (cause: TaskFailure) => void;
}

const NOWHERE: Located = { offsets: [], more: false };

/**
 * A thread beside the scanning ones for the short work that a client waits for: nobody's substitute or range
 * is late because all workers scan.
 */
export class ErrandDesk {
  readonly #crew: ThreadCrew<Errand, ErrandResult>;
  readonly #options: ErrandDeskOptions;
  #pending = 0;
  #isClosed = false;

  constructor(options: ErrandDeskOptions) {
    this.#options = options;
    const { clock } = options;
    this.#crew = new ThreadCrew({ entry: ENTRY, threads: 1, heapMb: HEAP_MB, data: undefined, clock });
  }

  /** The overlay; when the thread cannot do it, the whole body is overlaid here and now. */
  async neutralise(message: MessageBytes, guilt: Guilt, notice: string): Promise<readonly Patch[]> {
    const result = await this.#run({ kind: 'neutralise', message, guilt, notice });
    return result?.kind === 'neutralise'
      ? result.patches
      : neutralise(readMessage(message), { kind: 'body' }, notice);
  }

  /** Where `needle` stands; nowhere when that could not be found out, so that nothing is released by it. */
  async locate(message: MessageBytes, needle: MessageBytes): Promise<Located> {
    const result = await this.#run({ kind: 'locate', message, needle });
    return result?.kind === 'locate' ? result.located : NOWHERE;
  }

  /** Which content that is; undefined when it could not be found out. */
  async name(message: MessageBytes): Promise<NamedContent | undefined> {
    const result = await this.#run({ kind: 'name', message });
    return result?.kind === 'name' ? result.content : undefined;
  }

  /** SHA-256 in lower-case hex; undefined when it could not be computed. */
  async digest(message: MessageBytes): Promise<string | undefined> {
    const result = await this.#run({ kind: 'digest', message });
    return result?.kind === 'digest' ? result.sha256 : undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#crew.destroy();
  }

  async #run(errand: Errand): Promise<ErrandResult | undefined> {
    if (this.#isClosed || this.#pending >= this.#options.maxPending) {
      return undefined;
    }
    this.#pending += 1;
    const end = await this.#crew.run(errand, this.#options.timeoutMs);
    this.#pending -= 1;
    if (end.kind === 'answered') {
      return end.value;
    }
    this.#options.onFailure(end.cause);
    return undefined;
  }
}
