import { LoadConnection, PASSWORD } from '../load-connection.ts';
import { PUSH_USER } from '../mail-box.ts';
import { treeCpuSeconds } from '../process-tree.ts';
import type { Figures } from '../result.ts';
import { type Running, type Setting, withContenders } from '../setting.ts';

const CONCURRENCY = 16;
/** Connect, full handshake, log in, end; how many of them. */
async function sessionsFor(running: Running, tls: boolean, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let sessions = 0;
  const visitor = async () => {
    while (performance.now() < end) {
      const connection = await LoadConnection.open(running.door(tls));
      await connection.command(`LOGIN ${PUSH_USER} ${PASSWORD}`);
      await connection.command('LOGOUT');
      await connection.close();
      sessions += 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, visitor));
  return sessions;
}

/** Short sessions: what a reconnect storm costs. */
export async function measureSessions(setting: Setting, figures: Figures): Promise<void> {
  const names = ['haproxy', 'nginx', 'dovecot', 'perdition', 'node-forwarder', 'postern'];
  await withContenders(names, setting, async (contenders) => {
    for (const running of contenders) {
      await sessionsFor(running, true, setting.scale.sessionWarmUpSeconds);
    }
    for (let round = 0; round < setting.scale.rounds; round += 1) {
      for (const running of contenders) {
        for (const tls of [false, true]) {
          const cpuBefore = treeCpuSeconds(running.pid);
          const start = performance.now();
          const sessions = await sessionsFor(running, tls, setting.scale.sessionSeconds);
          const seconds = (performance.now() - start) / 1000;
          const cpu = treeCpuSeconds(running.pid) - cpuBefore;
          const figure = { measure: 'sessions', contender: running.name, condition: tls ? 'tls' : 'clear' };
          figures.add({ ...figure, what: 'rate', unit: 'sessions/s' }, sessions / seconds);
          figures.add({ ...figure, what: 'CPU', unit: 'µs/session' }, (cpu * 1e6) / sessions);
        }
      }
    }
  });
}
