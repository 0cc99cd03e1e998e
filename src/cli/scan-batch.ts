import type { ScanReport, Scanner } from '../scan/scanner.ts';
import { openFile, readStream, reasonOf, type OpenedMessage, type ScanInput } from './scan-inputs.ts';

/** What became of one input. */
export type ScanResult =
  | { readonly kind: 'report'; readonly name: string; readonly report: ScanReport }
  | { readonly kind: 'error'; readonly name: string; readonly reason: string };

export interface BatchOptions {
  readonly scanner: Scanner;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly limits: { readonly memoryBytes: number; readonly maxBytes: number };
  /** Messages read and scanned at the same time. */
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

const STDIN_NAME = '-';

async function scanOpened(name: string, opened: OpenedMessage, options: BatchOptions): Promise<ScanResult> {
  try {
    const request = {
      id: name,
      subject: 'message',
      message: opened.message,
      lane: 'bulk',
      user: '',
    } as const;
    return { kind: 'report', name, report: await options.scanner.scan(request, options.signal) };
  } finally {
    opened.close();
  }
}

async function scanInput(input: ScanInput, options: BatchOptions): Promise<ScanResult> {
  const name = input.kind === 'stdin' ? STDIN_NAME : input.name;
  if (input.kind === 'unreadable') {
    return { kind: 'error', name, reason: input.reason };
  }
  try {
    const opened =
      input.kind === 'stdin'
        ? await readStream(options.stdin, options.limits.maxBytes)
        : await openFile(input.name, options.limits);
    return await scanOpened(name, opened, options);
  } catch (error) {
    return { kind: 'error', name, reason: reasonOf(error) };
  }
}

/**
 * Finished results that may wait for one before them: a message that takes seconds should not hold the threads
 * that could go on, and a report takes some kilobytes at most.
 */
const MAX_AHEAD = 1_000;

interface Place {
  /** Undefined until it is done, and when an interruption is why it failed. */
  result: ScanResult | undefined;
  isDone: boolean;
}

/** What was begun, in the order of the inputs, and how much of it runs. */
class ScanLine {
  readonly #options: BatchOptions;
  readonly #places: Place[] = [];
  #running = 0;
  #wake: () => void = () => undefined;

  constructor(options: BatchOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#wake(), { once: true });
  }

  /** Nothing more may be begun now. After an interruption nobody waits for room. */
  get isFull(): boolean {
    const { concurrency, signal } = this.#options;
    return !signal.aborted && (this.#running >= concurrency || this.#places.length >= MAX_AHEAD);
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  start(input: ScanInput): void {
    const place: Place = { result: undefined, isDone: false };
    this.#places.push(place);
    this.#running += 1;
    void this.#run(input, place);
  }

  async #run(input: ScanInput, place: Place): Promise<void> {
    const result = await scanInput(input, this.#options);
    place.result = this.#options.signal.aborted && result.kind === 'error' ? undefined : result;
    place.isDone = true;
    this.#running -= 1;
    this.#wake();
  }

  /** Takes the results that nothing before them holds up; after an interruption, all that there are. */
  take(): readonly ScanResult[] {
    const { aborted } = this.#options.signal;
    const waiting = aborted ? -1 : this.#places.findIndex(({ isDone }) => !isDone);
    const taken = this.#places.splice(0, waiting === -1 ? this.#places.length : waiting);
    return taken.flatMap(({ result }) => result ?? []);
  }

  /** Resolves when there may be something to take or room for more, or the user gives up. */
  async change(): Promise<void> {
    if (!this.#options.signal.aborted && this.#places[0]?.isDone === false) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/**
 * Yields the results in the order of the inputs; meanwhile the threads go on with what comes next. After an
 * interruption only what is done already is yielded.
 */
export async function* scanBatch(
  inputs: AsyncIterable<ScanInput>,
  options: BatchOptions,
): AsyncGenerator<ScanResult> {
  const line = new ScanLine(options);
  for await (const input of inputs) {
    if (options.signal.aborted) {
      break;
    }
    line.start(input);
    yield* line.take();
    while (line.isFull) {
      await line.change();
      yield* line.take();
    }
  }
  while (!line.isEmpty) {
    await line.change();
    yield* line.take();
  }
}
