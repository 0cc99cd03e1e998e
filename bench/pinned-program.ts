import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Load generator and mail server share a core; what is measured has the other one to itself. */
export const LOAD_CPU = 0;
export const MEASURED_CPU = 1;
/** For what is measured with all cores. */
export const ALL_CPUS = `0-${availableParallelism() - 1}`;

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 10_000;
/** A corpus may have to be built, or code be compiled, before the first one. */
const ANSWER_TIMEOUT_MS = 120_000;
const OUTPUT_TAIL = 4_000;

/** A program on one core or a list of them (`taskset -c`), until it is stopped. */
export class PinnedProgram {
  readonly name: string;
  readonly child: ChildProcess;
  #output = '';
  readonly #closed: Promise<unknown>;

  constructor(command: readonly string[], cpu: number | string = MEASURED_CPU) {
    this.name = command[0] ?? '';
    this.child = spawn('taskset', ['-c', String(cpu), ...command], {
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true, // its whole group can be ended
    });
    this.#closed = once(this.child, 'exit').catch(() => undefined);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString('latin1')).slice(-OUTPUT_TAIL);
      });
    }
    process.once('exit', this.#kill);
  }

  readonly #kill = (): void => {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // it is gone
    }
  };

  /** taskset replaces itself by the program, so this is the program's. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** Resolves when the port takes connections. Rejects when the program ends or takes too long. */
  async listening(port: number): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!(await answers(port))) {
      if (this.child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${this.name} does not listen on ${port}\n${this.#output}`);
      }
      await delay(50);
    }
  }

  /** The next message from the program. Rejects when none comes in time. */
  async answer(): Promise<unknown> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    try {
      const messages: unknown[] = await once(this.child, 'message', { signal });
      return messages[0];
    } catch (error) {
      throw new Error(`${this.name} does not answer\n${this.#output}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await Promise.race([this.#closed, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    this.#kill();
    process.removeListener('exit', this.#kill);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Puts this process, with all its threads, on one core. */
export function pinSelf(cpu: number): void {
  spawnSync('taskset', ['-acp', String(cpu), String(process.pid)]);
}
