import { availableParallelism } from 'node:os';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import type { VerdictKind } from '../scan/verdict.ts';
import {
  EXIT_FAILED,
  EXIT_NO,
  EXIT_OK,
  readArguments,
  UsageError,
  type Command,
  type Roof,
} from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import type { Io } from './io.ts';
import { scanBatch, type ScanResult } from './scan-batch.ts';
import { isOneMessage, scanInputs } from './scan-inputs.ts';
import { formatJsonLine, formatTableLines, TABLE_TITLES } from './scan-line.ts';
import { createStderrLogger } from './stderr-logger.ts';
import { printable } from './terminal-text.ts';

const HELP = `Usage: postern scan [--rules PATH]... [--json] PATH...

Scans messages (RFC 5322 files) as the gateway would. PATH is a file, a folder (all files below it;
links are not followed) or - for one message on standard input.

  --rules PATH    rule file or folder instead of those of the configuration; may be repeated.
                  Without a configuration: config/rules, else the starter rules of the product
  --json          one JSON object per message and line:
                  {"file","verdict","cause","findings":[{"engine","rule","namespace","class","part"}],
                  "sha256","bytes","pieces","ms"}
${CONFIG_HELP}
  --help          this text

Exit code: 0 all clean; 1 something malicious or suspicious; 2 something unscannable, or an error.
An error (a path or rule that cannot be read) is 2 whatever was found; 1 wins over unscannable.
Ctrl-C ends the scan; what was done stays printed, and the exit code is 2.
`;

const PROGRESS_MS = 2_000;
/** For one message; each more takes a third of a second of the processor to start. */
const ONE_THREAD = 1;

interface Totals {
  readonly verdicts: Map<VerdictKind, number>;
  messages: number;
  bytes: number;
  errors: number;
}

/** Errors win, because then the answer is not complete; then what was found; then what could not be judged. */
function exitCode({ verdicts, errors }: Totals): number {
  if (errors > 0) {
    return EXIT_FAILED;
  }
  if (verdicts.has('malicious') || verdicts.has('suspicious')) {
    return EXIT_NO;
  }
  return verdicts.has('unscannable') || verdicts.has('skipped') ? EXIT_FAILED : EXIT_OK;
}

function summary({ verdicts, messages, bytes, errors }: Totals, elapsedMs: number): string {
  const kinds = [...verdicts].map(([kind, count]) => `${count} ${kind}`);
  const parts = [...kinds, ...(errors === 0 ? [] : [`${errors} not read`])].join(', ');
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const rate = bytes / seconds / 1e6;
  const noun = messages === 1 ? 'message' : 'messages';
  return `${messages} ${noun}${parts === '' ? '' : ` (${parts})`}, ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, ${rate.toFixed(1)} MB/s\n`;
}

/** Counts and prints results, and tells a person at a terminal that the work goes on. */
class ResultPrinter {
  readonly #io: Io;
  readonly #json: boolean;
  readonly totals: Totals = { verdicts: new Map(), messages: 0, bytes: 0, errors: 0 };
  readonly #start = systemClock.monotonic();
  #shown = this.#start;

  constructor(io: Io, json: boolean) {
    this.#io = io;
    this.#json = json;
  }

  async print(result: ScanResult): Promise<void> {
    const { totals } = this;
    if (result.kind === 'error') {
      totals.errors += 1;
      this.#io.err(`${printable(result.name)}: ${printable(result.reason)}\n`);
      return;
    }
    const { verdict, bytes } = result.report;
    totals.verdicts.set(verdict.kind, (totals.verdicts.get(verdict.kind) ?? 0) + 1);
    totals.messages += 1;
    totals.bytes += bytes;
    await this.#printReport(result);
    this.#progress();
  }

  async #printReport({ name, report }: ScanResult & { kind: 'report' }): Promise<void> {
    if (this.#json) {
      await this.#io.out(formatJsonLine(name, report));
      return;
    }
    const titles = this.totals.messages === 1 ? TABLE_TITLES : '';
    await this.#io.out(titles + formatTableLines(name, report));
  }

  #progress(): void {
    const now = systemClock.monotonic();
    if (this.#io.stderrIsTerminal && now - this.#shown >= PROGRESS_MS) {
      this.#shown = now;
      this.#io.err(`... ${summary(this.totals, now - this.#start)}`);
    }
  }

  printSummary(): void {
    if (!this.#json) {
      this.#io.err(summary(this.totals, systemClock.monotonic() - this.#start));
    }
  }
}

interface Job {
  readonly paths: readonly string[];
  readonly json: boolean;
  readonly config: Config;
}

/** Enough to keep the threads busy while files are read, and never so many that they are refused. */
function concurrencyOf({ scan }: Config): number {
  const threads = scan.workers === 0 ? availableParallelism() : scan.workers;
  return Math.min(2 * threads, scan.maxQueue);
}

/** The first Ctrl-C ends the scan in order, the second one at once. */
function interruptible(io: Io): { readonly signal: AbortSignal; release(): void } {
  const interruption = new AbortController();
  const release = io.onInterrupt(() =>
    interruption.signal.aborted ? io.exit(EXIT_FAILED) : interruption.abort(new Error('interrupted')),
  );
  return { signal: interruption.signal, release };
}

async function scanAll({ paths, json, config }: Job, io: Io, roof: Roof): Promise<number> {
  const opened = await roof.openScanner(config, createStderrLogger(io), { verdictsOnly: true });
  const interruption = interruptible(io);
  const printer = new ResultPrinter(io, json);
  const options = {
    scanner: opened.scanner,
    stdin: io.stdin,
    limits: { memoryBytes: config.limits.spoolMemoryBytes, maxBytes: config.limits.maxLiteralBytes },
    concurrency: concurrencyOf(config),
    signal: interruption.signal,
  };
  try {
    for await (const result of scanBatch(scanInputs(paths), options)) {
      await printer.print(result);
    }
  } finally {
    interruption.release();
    await opened.close();
  }
  printer.printSummary();
  return interruption.signal.aborted ? EXIT_FAILED : exitCode(printer.totals);
}

export const scanCommand: Command = {
  name: 'scan',
  summary: 'scan files, folders or standard input',
  help: HELP,
  async run(argv, io, roof) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: {
        rules: { type: 'string', multiple: true },
        json: { type: 'boolean', default: false },
        config: { type: 'string' },
      },
    });
    if (positionals.length === 0) {
      throw new UsageError('nothing to scan: name files, folders, or - for standard input');
    }
    const config = loadForTool(values.config, io.env);
    const rules = values.rules ?? config.rules;
    const scan = (await isOneMessage(positionals)) ? { ...config.scan, workers: ONE_THREAD } : config.scan;
    return scanAll({ paths: positionals, json: values.json, config: { ...config, rules, scan } }, io, roof);
  },
};
