import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Clamd } from './clamd.ts';
import { endedChildrenCpuSeconds, treeCpuSeconds } from './process-tree.ts';

/* Whole commands over one folder, as somebody at a terminal calls them: `postern scan` against `clamdscan`. */

/** clamd's own default; never fewer than the machine can use. */
const CLAMD_THREADS = Math.max(10, availableParallelism());

/** What one call cost. `cpuMs` includes a daemon that did the work. */
export interface Call {
  readonly ms: number;
  readonly cpuMs: number;
  readonly found: number;
}

export interface Contest {
  readonly folder: string;
  /** Text of the rules, the same for all. */
  readonly rules: string;
  /** For rules and daemons. */
  readonly place: string;
}

type Contender = (contest: Contest) => Promise<Call>;

/** Not `spawnSync`: a daemon whose log nobody reads meanwhile stops. */
async function call(
  [program = '', ...args]: readonly string[],
  mark: string,
  daemon?: number,
): Promise<Call> {
  const cpuSeconds = (): number =>
    endedChildrenCpuSeconds() + (daemon === undefined ? 0 : treeCpuSeconds(daemon));
  const before = cpuSeconds();
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const ms = performance.now() - started;
  if (status !== 0 && status !== 1) {
    throw new Error(`${program} ended with ${status}`);
  }
  return { ms, cpuMs: (cpuSeconds() - before) * 1_000, found: stdout.split(mark).length - 1 };
}

async function postern({ folder, rules, place }: Contest): Promise<Call> {
  const file = join(place, 'rules.yar');
  writeFileSync(file, rules);
  const main = new URL('../src/main.ts', import.meta.url).pathname;
  return call([process.execPath, main, 'scan', '--rules', file, '--json', folder], '"verdict":"malicious"');
}

/** The daemon is new each time, so that a cache holds nothing of the round before; its start is not counted. */
function clamdscan(cached: boolean, args: readonly string[], passes = 1): Contender {
  return async ({ folder, rules, place }) => {
    const clamd = new Clamd(place, rules, { cached, threads: CLAMD_THREADS });
    try {
      await clamd.ready();
      const command = ['clamdscan', `--config-file=${clamd.configFile}`, '--no-summary', ...args, folder];
      for (let pass = 1; pass < passes; pass += 1) {
        await call(command, ' FOUND\n', clamd.pid);
      }
      return await call(command, ' FOUND\n', clamd.pid);
    } finally {
      await clamd.stop();
    }
  };
}

const CONTENDERS: Readonly<Record<string, Contender>> = {
  'postern scan': postern,
  'clamdscan, no cache': clamdscan(false, []),
  'clamdscan -m, no cache': clamdscan(false, ['-m']),
  'clamdscan, new cache': clamdscan(true, []),
  'clamdscan -m, new cache': clamdscan(true, ['-m']),
  'clamdscan -m, all seen before': clamdscan(true, ['-m'], 2),
};

export function writeFolder(folder: string, messages: readonly Buffer[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [index, message] of messages.entries()) {
    writeFileSync(join(folder, `${String(index).padStart(4, '0')}.eml`), message);
  }
}

/** Every contender in turns, `rounds` times. */
export async function holdContest(contest: Contest, rounds: number): Promise<ReadonlyMap<string, Call[]>> {
  const calls = new Map<string, Call[]>(Object.keys(CONTENDERS).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, contender] of Object.entries(CONTENDERS)) {
      calls.get(name)?.push(await contender(contest));
    }
  }
  return calls;
}
