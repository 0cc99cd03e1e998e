// Thousands wait in IDLE, a few read: the crowd costs memory only, and nobody of it is cut.
import { sleep } from 'k6';
import exec from 'k6/execution';
import { doorOf, doors, imapDoors, messages, password, userOf } from '../lib/doors.js';
import { common, failed, loginMs, thresholds } from '../lib/measures.js';
import { pause, readMail } from '../lib/session.js';

const crowd = Number(__ENV.CROWD || 1000);
const seconds = Number(__ENV.SECONDS || 120);

export const options = {
  ...common,
  scenarios: {
    crowd: {
      executor: 'per-vu-iterations',
      vus: crowd,
      iterations: 1,
      maxDuration: `${seconds + 120}s`,
      exec: 'idle',
    },
    readers: {
      executor: 'constant-vus',
      vus: Number(__ENV.VUS || 5),
      duration: `${seconds}s`,
      exec: 'readers',
    },
  },
  thresholds: thresholds(4),
};

export async function idle() {
  const { idInTest } = exec.vu;
  const door = doorOf(imapDoors, idInTest, 0);
  const client = new door.Client();
  try {
    sleep(Math.random() * Math.min(10, seconds / 4)); // they do not come in one second
    const start = Date.now();
    await client.open(door);
    await client.login(userOf(idInTest), password);
    loginMs.add(Date.now() - start);
    await client.command('IDLE');
    sleep(seconds / 2);
    const answer = client.answer({ tag: `k${client.tags}` });
    await client.wire.send('DONE');
    await answer;
    await client.logout();
    failed.add(false);
  } catch (error) {
    failed.add(true);
    console.error(`idle: ${String(error)}`);
    client.wire.end();
  }
}

export async function readers() {
  const { idInTest, iterationInScenario } = exec.vu;
  await readMail(doorOf(doors, idInTest, iterationInScenario), idInTest, 1, messages);
  pause();
}
