/** Why a task ended without an answer: a closed set, for a metric label. */
export type TaskFailure = 'timeout' | 'out-of-memory' | 'crashed' | 'threw';

export type TaskEnd<R> =
  | { readonly kind: 'answered'; readonly value: R }
  | { readonly kind: 'failed'; readonly cause: TaskFailure; readonly detail: string };

/** What a pool of threads is made from. Plain data: it crosses to another thread. */
export interface PoolSpec {
  /** URL of the module whose default export takes a job and returns an `Answer`. */
  readonly entry: string;
  readonly threads: number;
  /** Heap of one thread, MB. Memory of buffers and native code is not counted. */
  readonly heapMb: number;
  readonly data: unknown;
  readonly env: Readonly<Record<string, string>>;
}

export interface CrewState {
  /** Threads that live, whether they have loaded their module or not. */
  readonly alive: number;
  /** Threads that have loaded their module. */
  readonly started: number;
}

/** Threads that take one job each at a time. They replace the ones that die. */
export interface ThreadPool<J, R> {
  readonly state: CrewState;
  /** Runs one job. An abort ends its thread; how the task ended is then without meaning. Never rejects. */
  run(job: J, signal: AbortSignal): Promise<TaskEnd<R>>;
  /** Ends all threads; what still runs there is answered as crashed. */
  destroy(): Promise<void>;
}
