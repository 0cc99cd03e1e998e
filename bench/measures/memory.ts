import { setTimeout as delay } from 'node:timers/promises';
import { LoadConnection, PASSWORD } from '../load-connection.ts';
import { PUSH_USER } from '../mail-box.ts';
import { treeMemoryBytes } from '../process-tree.ts';
import type { Figures } from '../result.ts';
import { type Running, type Setting, withContenders } from '../setting.ts';

/** Handshakes at once: more would only queue. */
const OPENING = 16;
/** Perdition has a process for each connection, 365 KiB. */
const MOST_FOR_PERDITION = 500;
/** Allocators settle. */
const SETTLE_MS = 1_500;

async function open(running: Running, count: number): Promise<LoadConnection[]> {
  const connections: LoadConnection[] = [];
  const opener = async () => {
    while (connections.length < count) {
      const slot = connections.push(await LoadConnection.open(running.door(true))) - 1;
      await connections[slot]?.command(`LOGIN ${PUSH_USER} ${PASSWORD}`);
    }
  };
  await Promise.all(Array.from({ length: OPENING }, opener));
  return connections;
}

/** Logged in over TLS and silent, as most connections of most mail programs are most of the time. */
export async function measureMemory(setting: Setting, figures: Figures): Promise<void> {
  for (const name of ['haproxy', 'nginx', 'dovecot', 'perdition', 'node-forwarder', 'postern']) {
    // one after the other, each fresh: a heap that has grown before would hide what connections cost
    await withContenders([name], setting, async ([running]) => {
      if (running === undefined) {
        return;
      }
      const asked = setting.scale.idleConnections;
      const count = name === 'perdition' ? Math.min(asked, MOST_FOR_PERDITION) : asked;
      const warm = await open(running, OPENING);
      await delay(SETTLE_MS);
      const before = treeMemoryBytes(running.pid);
      const connections = await open(running, count);
      await delay(SETTLE_MS);
      const each = (treeMemoryBytes(running.pid) - before) / connections.length / 1024;
      const figure = { measure: 'memory', contender: name, condition: `${count} connections` };
      figures.add({ ...figure, what: 'idle TLS connection', unit: 'KiB' }, each);
      await Promise.all([...warm, ...connections].map((connection) => connection.close()));
    });
  }
}
