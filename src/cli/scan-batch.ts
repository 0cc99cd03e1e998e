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

/** Settles when the user gives up, also while standard input or a disk does not answer. */
function interruption(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/**
 * Yields the results in the order of the inputs; the window keeps the scan threads busy. After an interruption
 * only what is done already is yielded.
 */
export async function* scanBatch(
  inputs: AsyncIterable<ScanInput>,
  options: BatchOptions,
): AsyncGenerator<ScanResult> {
  const interrupted = interruption(options.signal);
  const window: Promise<ScanResult | undefined>[] = [];
  const start = (input: ScanInput) => {
    const result = scanInput(input, options).then((one) =>
      options.signal.aborted && one.kind === 'error' ? undefined : one,
    );
    window.push(Promise.race([result, interrupted]));
  };
  for await (const input of inputs) {
    if (options.signal.aborted) {
      break;
    }
    start(input);
    if (window.length >= options.concurrency) {
      yield* await oldest(window);
    }
  }
  while (window.length > 0) {
    yield* await oldest(window);
  }
}

async function oldest(window: Promise<ScanResult | undefined>[]): Promise<readonly ScanResult[]> {
  const result = await window.shift();
  return result === undefined ? [] : [result];
}
