// A restart of something sends everybody back at once: sessions that only connect, log in and leave.
import exec from 'k6/execution';
import { doorOf, doors, messages } from '../lib/doors.js';
import { common, thresholds } from '../lib/measures.js';
import { readMail } from '../lib/session.js';

const vus = Number(__ENV.VUS || 200);

export const options = {
  ...common,
  scenarios: {
    storm: {
      executor: 'per-vu-iterations',
      vus,
      iterations: Number(__ENV.RECONNECTS || 10),
      maxDuration: '5m',
      exec: 'storm',
    },
    reader: { executor: 'per-vu-iterations', vus: 1, iterations: 5, maxDuration: '5m', exec: 'reader' },
  },
  // everybody comes in the same second, and waits in a queue for a handshake
  thresholds: thresholds(20),
};

export async function storm() {
  const { idInTest, iterationInScenario } = exec.vu;
  await readMail(doorOf(doors, idInTest, iterationInScenario), idInTest, 1, 0);
}

/** Somebody has to get mail meanwhile. */
export async function reader() {
  await readMail(doorOf(doors, 0, exec.vu.iterationInScenario), 0, 1, messages);
}
