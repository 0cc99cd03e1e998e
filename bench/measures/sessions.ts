import { type Door, LoadConnection, PASSWORD } from '../load-connection.ts';
import { PUSH_USER } from '../mail-box.ts';
import { treeCpuSeconds } from '../process-tree.ts';
import type { Figures } from '../result.ts';
import { type Running, type Setting, withContenders } from '../setting.ts';

const CONCURRENCY = 16;
/**
 * `tls` is with the key exchange that all contenders speak (nginx only on P-256), so that the same work is compared.
 * OpenSSL 3.5, which Node brings, also speaks the one that quantum computers do not break, and a client that offers it
 * gets it: `tls, ML-KEM`.
 */
const CONDITIONS: Readonly<Record<string, (running: Running) => Door>> = {
  clear: (running) => running.door(false),
  tls: (running) => ({ ...running.door(true), groups: 'X25519:P-256' }),
  'tls, ML-KEM': (running) => ({ ...running.door(true), groups: 'X25519MLKEM768:X25519:P-256' }),
};

/** Connect, full handshake, log in, end; how many of them. */
async function sessionsFor(door: Door, seconds: number): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let sessions = 0;
  const visitor = async () => {
    while (performance.now() < end) {
      const connection = await LoadConnection.open(door);
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
      await sessionsFor(running.door(true), setting.scale.sessionWarmUpSeconds);
    }
    for (let round = 0; round < setting.scale.rounds; round += 1) {
      for (const running of contenders) {
        for (const [condition, doorOf] of Object.entries(CONDITIONS)) {
          const cpuBefore = treeCpuSeconds(running.pid);
          const start = performance.now();
          const sessions = await sessionsFor(doorOf(running), setting.scale.sessionSeconds);
          const seconds = (performance.now() - start) / 1000;
          const cpu = treeCpuSeconds(running.pid) - cpuBefore;
          const figure = { measure: 'sessions', contender: running.name, condition };
          figures.add({ ...figure, what: 'rate', unit: 'sessions/s' }, sessions / seconds);
          figures.add({ ...figure, what: 'CPU', unit: 'µs/session' }, (cpu * 1e6) / sessions);
        }
      }
    }
  });
}
