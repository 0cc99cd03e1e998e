import { type Door, LoadConnection } from '../load-connection.ts';
import { CORPUS_USER } from '../mail-box.ts';
import { treeCpuSeconds } from '../process-tree.ts';
import type { Figures } from '../result.ts';
import { type Running, type Setting, withContenders } from '../setting.ts';

const MEASURE = 'throughput';
const CONNECTIONS = 8;
const GB = 1e9;

async function fetchAll(
  door: Door,
  count: number,
  passes: number,
): Promise<{ bytes: number; seconds: number }> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => LoadConnection.inbox(door, CORPUS_USER)),
  );
  const start = performance.now();
  const read = connections.map(async (connection, index) => {
    let bytes = 0;
    for (let message = index; message < count * passes; message += CONNECTIONS) {
      bytes += (await connection.command(`FETCH ${(message % count) + 1} BODY.PEEK[]`)).bytes;
    }
    return bytes;
  });
  const bytes = (await Promise.all(read)).reduce((sum, each) => sum + each, 0);
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(connections.map((connection) => connection.close()));
  return { bytes, seconds };
}

interface Run {
  readonly tls: boolean;
  readonly cache: 'warm' | 'cold' | '';
}

async function measure(running: Running, setting: Setting, run: Run, figures: Figures): Promise<void> {
  const count = Math.round(500 * setting.scale.corpusShare);
  const passes = run.cache === 'cold' ? 1 : setting.scale.passes;
  if (run.cache === 'cold') {
    await setting.mailServer.renew('once');
  }
  const before = treeCpuSeconds(running.pid);
  const { bytes, seconds } = await fetchAll(running.door(run.tls), count, passes);
  const cpu = treeCpuSeconds(running.pid) - before;
  const condition = [run.tls ? 'tls' : 'clear', run.cache].filter((word) => word !== '').join(' ');
  const figure = { measure: MEASURE, contender: running.name, condition };
  figures.add({ ...figure, what: 'CPU', unit: 'CPU-s/GB' }, cpu / (bytes / GB));
  figures.add({ ...figure, what: 'speed', unit: 'MB/s' }, bytes / 1e6 / seconds);
  if (run.cache === 'cold') {
    figures.add({ ...figure, what: 'messages per CPU second', unit: 'msg/CPU-s' }, (count * passes) / cpu);
  }
}

/**
 * Code that has not been compiled yet and buffers that do not exist yet are no cost of moving mail: a gateway runs for
 * weeks. Postern gets new mail in every pass, so that its scan is what is compiled.
 */
async function warmUp(running: Running, { scale, mailServer }: Setting): Promise<void> {
  for (let pass = 0; pass < scale.warmUpPasses; pass += 1) {
    for (const tls of [false, true]) {
      await mailServer.renew('once');
      await fetchAll(running.door(tls), Math.round(500 * scale.corpusShare), 1);
    }
  }
}

/** Every message through every contender; Postern cold (each message new) and warm (each judged before). */
export async function measureThroughput(setting: Setting, figures: Figures): Promise<void> {
  const names = ['haproxy', 'nginx', 'dovecot', 'perdition', 'node-forwarder', 'postern-tunnel', 'postern'];
  await withContenders(names, setting, async (contenders) => {
    for (const running of contenders) {
      await warmUp(running, setting);
    }
    for (let round = 0; round < setting.scale.rounds; round += 1) {
      for (const tls of [false, true]) {
        for (const running of contenders) {
          const caches = running.name === 'postern' ? (['cold', 'warm'] as const) : ([''] as const);
          for (const cache of caches) {
            await measure(running, setting, { tls, cache }, figures);
          }
        }
      }
    }
  });
}
