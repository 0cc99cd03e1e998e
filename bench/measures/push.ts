import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Door, LoadConnection } from '../load-connection.ts';
import { PUSH_USER } from '../mail-box.ts';
import { LOAD_CPU, PinnedProgram } from '../pinned-program.ts';
import type { Figures } from '../result.ts';
import { type Running, type Setting, withContenders } from '../setting.ts';
import { quantile } from '../statistics.ts';

const PROBE_PAUSE_MS = 10;
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
    await delay(PROBE_PAUSE_MS);
  }
  idler.write('DONE\r\n');
  await idle;
  await Promise.all([idler.close(), sender.close()]);
  return latencies;
}

async function noops(door: Door, seconds: number): Promise<number[]> {
  const connection = await LoadConnection.inbox(door, PUSH_USER);
  const latencies: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    latencies.push((await connection.command('NOOP')).wholeMs);
    await delay(PROBE_PAUSE_MS);
  }
  await connection.close();
  return latencies;
}

async function probe(running: Probed, setting: Setting, condition: string, figures: Figures): Promise<void> {
  const direct = { port: setting.mailServer.imapPort, tls: false };
  const seconds = setting.scale.probeSeconds;
  for (const [what, latencies] of [
    ['IDLE push', await pushes(running.door(true), direct, seconds)],
    ['NOOP', await noops(running.door(true), seconds)],
  ] as const) {
    const figure = { measure: 'push', contender: running.name, condition, unit: 'ms' };
    figures.add({ ...figure, what: `${what} p50` }, quantile(latencies, 0.5));
    figures.add({ ...figure, what: `${what} p99` }, quantile(latencies, 0.99));
  }
}

/** Readers in a process of their own fetch new mail without end; then `work` is done. */
async function underLoad(door: Door, setting: Setting, work: () => Promise<void>): Promise<void> {
  await setting.mailServer.renew('churn');
  const script = join(import.meta.dirname, '../readers.ts');
  const readers = new PinnedProgram([process.execPath, script, JSON.stringify(door)], LOAD_CPU);
  try {
    await once(readers.child, 'message', { signal: AbortSignal.timeout(PUSH_TIMEOUT_MS) });
    await delay(SATURATION_MS);
    await work();
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

/** What people who wait for mail notice of the scans of others. */
export async function measurePush(setting: Setting, figures: Figures): Promise<void> {
  await withContenders(['haproxy', 'dovecot', 'node-forwarder', 'postern'], setting, async (contenders) => {
    const direct: Probed = {
      name: 'direct',
      door: () => ({ port: setting.mailServer.imapPort, tls: false }),
    };
    for (const running of [direct, ...contenders]) {
      await probe(running, setting, 'unsaturated', figures);
      const loaded = underLoad(running.door(true), setting, () =>
        probe(running, setting, 'saturated', figures),
      );
      // A login proxy that is kept busy lets nobody else in: a gap in the table, which is its result.
      await (running.name === 'postern' ? loaded : loaded.catch((error: unknown) => toldGap(running, error)));
    }
  });
}
