import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Door, LoadConnection } from '../load-connection.ts';
import { CORPUS_USER, PUSH_USER, SLOW_USER } from '../mail-box.ts';
import { LOAD_CPU, PinnedProgram } from '../pinned-program.ts';
import { wakePromptly } from '../prompt-thread.ts';
import type { Figures } from '../result.ts';
import { type Running, type Setting, withContenders } from '../setting.ts';
import { quantile } from '../statistics.ts';

/** Between two probes: of several lengths, so that they do not keep step with anything. */
const PAUSES_MS = [3, 8, 5, 7, 4, 6];
/** Probes before it counts: code that was not compiled yet is no cost of waiting. */
const WARM_UP_SECONDS = 1;
/** Of the load beside the stopwatch, which is on the same core. */
const LOAD_NICENESS = 10;
const PUSH_TIMEOUT_MS = 30_000;
/** The load has to have filled the pool before the probes count. */
const SATURATION_MS = 1_000;
const NOTE = 'Subject: new mail\r\n\r\nIt came.\r\n';

/** Rings when an idling client is told something. */
class Bell {
  #ring: (() => void) | undefined;

  constructor(idler: LoadConnection) {
    idler.onLine = (line) => {
      if (line.endsWith(' EXISTS\r\n') || line.startsWith('+')) {
        this.#ring?.();
      }
    };
  }

  rings(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error('no push arrived')), PUSH_TIMEOUT_MS);
    this.#ring = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}

/** Milliseconds from the arrival of a message at the server to its announcement at an idling client. */
async function pushes(door: Door, direct: Door, seconds: number): Promise<number[]> {
  const idler = await LoadConnection.inbox(door, PUSH_USER);
  const sender = await LoadConnection.inbox(direct, PUSH_USER);
  const bell = new Bell(idler);
  const idling = bell.rings();
  const idle = idler.command('IDLE');
  await idling;
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const told = bell.rings();
    const start = performance.now();
    const stored = sender.command(`APPEND INBOX {${NOTE.length}+}\r\n${NOTE}`);
    await told;
    latencies.push(performance.now() - start);
    await stored;
    await pause(latencies.length);
  }
  idler.write('DONE\r\n');
  await idle;
  await Promise.all([idler.close(), sender.close()]);
  return latencies;
}

async function pause(count: number): Promise<void> {
  await delay(PAUSES_MS[count % PAUSES_MS.length]);
}

/** Round trips through the contender, and in turn with them to the server itself, which has the same load to bear. */
async function noops(
  door: Door,
  direct: Door,
  seconds: number,
): Promise<{ through: number[]; beside: number[] }> {
  const [through, beside] = [[] as number[], [] as number[]];
  const [probed, control] = [
    await LoadConnection.inbox(door, PUSH_USER),
    await LoadConnection.inbox(direct, PUSH_USER),
  ];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    through.push((await probed.command('NOOP')).wholeMs);
    await pause(through.length);
    beside.push((await control.command('NOOP')).wholeMs);
    await pause(through.length);
  }
  await Promise.all([probed.close(), control.close()]);
  return { through, beside };
}

async function probe(running: Probed, setting: Setting, condition: string, figures: Figures): Promise<void> {
  const direct = directDoor(setting);
  const seconds = setting.scale.probeSeconds;
  const door = running.door(true);
  await pushes(door, direct, WARM_UP_SECONDS);
  await noops(door, direct, WARM_UP_SECONDS);
  const pushed = await pushes(door, direct, seconds);
  const { through, beside } = await noops(door, direct, seconds);
  const figure = { measure: 'push', contender: running.name, condition, unit: 'ms' };
  for (const [what, latencies] of [
    ['IDLE push', pushed],
    ['NOOP', through],
  ] as const) {
    figures.add({ ...figure, what: `${what} p50` }, quantile(latencies, 0.5));
    figures.add({ ...figure, what: `${what} p99` }, quantile(latencies, 0.99));
  }
  figures.add({ ...figure, what: 'NOOP p99 of the server itself' }, quantile(beside, 0.99));
}

/** Where the kernel schedules by session (autogroup), the niceness of a process says nothing beside other sessions. */
function giveWay(pid: number): void {
  setPriority(pid, LOAD_NICENESS);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(LOAD_NICENESS));
  } catch {
    // The kernel does not.
  }
}

/** Readers in a process of their own fetch new mail of `user` without end while it is probed. */
async function probeBeside(
  running: Probed,
  setting: Setting,
  { user, condition }: { readonly user: string; readonly condition: string },
  figures: Figures,
): Promise<void> {
  await setting.mailServer.renew('churn');
  const script = join(import.meta.dirname, '../readers.ts');
  const readers = new PinnedProgram(
    [process.execPath, script, JSON.stringify(running.door(true)), user],
    LOAD_CPU,
  );
  giveWay(readers.pid);
  try {
    await once(readers.child, 'message', { signal: AbortSignal.timeout(PUSH_TIMEOUT_MS) });
    await delay(SATURATION_MS);
    await probe(running, setting, condition, figures);
    if (readers.child.exitCode !== null) {
      throw new Error(`the readers have ended\n${readers.output}`);
    }
  } finally {
    await readers.stop();
    await setting.mailServer.renew('once');
  }
}

function toldGap({ name }: Probed, error: unknown): void {
  console.log(
    `  push · ${name} saturated: not measured, ${error instanceof Error ? error.message : String(error)}`,
  );
}

type Probed = Pick<Running, 'name' | 'door'>;

function directDoor({ mailServer }: Setting): Door {
  return { port: mailServer.imapPort, tls: false };
}

async function round(probed: readonly Probed[], setting: Setting, figures: Figures): Promise<void> {
  for (const running of probed) {
    await probe(running, setting, 'unsaturated', figures);
    const loaded = probeBeside(running, setting, { user: CORPUS_USER, condition: 'saturated' }, figures);
    if (running.name !== 'postern') {
      // A login proxy that is kept busy lets nobody else in: a gap in the table, which is its result.
      await loaded.catch((error: unknown) => toldGap(running, error));
      continue;
    }
    await loaded;
    await probeBeside(running, setting, { user: SLOW_USER, condition: 'slow scans' }, figures);
  }
}

/** What people who wait for mail notice of the scans of others. */
export async function measurePush(setting: Setting, figures: Figures): Promise<void> {
  // The stopwatch and the server, which stands for another machine, share a core with the load.
  [process.pid, setting.mailServer.pid].forEach(wakePromptly);
  const direct: Probed = { name: 'direct', door: () => directDoor(setting) };
  await withContenders(['haproxy', 'node-forwarder', 'postern'], setting, async (contenders) => {
    for (let count = 0; count < setting.scale.rounds; count += 1) {
      await round([direct, ...contenders], setting, figures);
    }
  });
  // By itself and last: its login process goes on spinning on the measured core when the load has left it.
  await withContenders(['dovecot'], setting, (contenders) => round(contenders, setting, figures));
}
