import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { HasEnded } from './wait.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** A program crashed, or was ended because it took too long. */
export class EndedBySignal extends Error {
  override readonly name = 'EndedBySignal';
}

export interface RunResult {
  /** Exit code; 128 + signal number when a signal ended it. */
  readonly code: number;
  readonly stdout: Buffer;
  /** Standard output and error together, for messages. */
  readonly transcript: string;
}

const RUN_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
const TRANSCRIPT_TAIL = 8_000;

/** Only what a program needs: nothing of the caller's mail settings leaks into a test. */
function environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LANG: 'C.UTF-8', TERM: 'vt100', ...extra };
}

/** Signals the whole process group of a child that was started as its leader. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) {
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group is gone already
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Runs a program to its end. Resolves for every exit code; rejects when it cannot start or takes too long. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/',
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const stdout: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => (stdout.push(chunk), all.push(chunk)));
  child.stderr.on('data', (chunk: Buffer) => all.push(chunk));
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  const timeoutMs = options.timeoutMs ?? RUN_TIMEOUT_MS;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    signalGroup(child, 'SIGKILL');
  }, timeoutMs);
  const closed = new Promise((resolve) => child.once('close', resolve));
  try {
    const code = await exitOf(child);
    await closed;
    const transcript = Buffer.concat(all).toString('utf8').slice(-TRANSCRIPT_TAIL);
    if (late) {
      throw new EndedBySignal(`${program} was still running after ${timeoutMs} ms\n${transcript}`);
    }
    return { code, stdout: Buffer.concat(stdout), transcript };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a program that has to end with 0. */
export async function runOk(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(program, args, options);
  if (result.code !== 0) {
    const Failure = result.code > 128 ? EndedBySignal : Error;
    throw new Failure(`${program} ${args.join(' ')} ended with ${result.code}\n${result.transcript}`);
  }
  return result;
}

/** A server that runs until it is stopped. */
export class Daemon {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #exit: Promise<number>;
  #output = '';
  #exited = false;

  constructor(program: string, args: readonly string[], options: RunOptions = {}) {
    this.#name = program;
    this.#child = spawn(program, args, {
      cwd: options.cwd ?? '/',
      env: environment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString('utf8')).slice(-TRANSCRIPT_TAIL * 8);
      });
    }
    this.#exit = exitOf(this.#child).finally(() => {
      this.#exited = true;
    });
    this.#exit.catch(() => undefined);
    // the last resort when a test process dies before its after hook
    process.once('exit', this.#kill);
  }

  readonly #kill = (): void => signalGroup(this.#child, 'SIGKILL');

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output;
  }

  /** Throws when it has ended by itself. */
  assertRunning(): void {
    if (this.#exited) {
      throw new HasEnded(`${this.#name} has ended\n${this.#output}`);
    }
  }

  /** SIGTERM, and SIGKILL to its group when it does not end. Resolves with the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number> {
    if (!this.#exited) {
      this.#child.kill(signal);
    }
    const timer = setTimeout(this.#kill, STOP_TIMEOUT_MS);
    try {
      return await this.#exit;
    } finally {
      clearTimeout(timer);
      this.#kill();
      process.removeListener('exit', this.#kill);
    }
  }
}
