import { sleep } from 'k6';
import { password, userOf } from './doors.js';
import { failed, fetchMs, firstByteMs, loginMs, noopMs } from './measures.js';

const pauseSeconds = Number(__ENV.PAUSE || 1);

/**
 * Between two sessions of a client. Without it clients only ever wait for whoever is slowest, and that is who is
 * measured: a mail server that starts a process for each login.
 */
export function pause() {
  sleep(pauseSeconds * (0.5 + Math.random()));
}

/** Connect, log in, read `count` messages from `first` on, a NOOP between them, leave. */
export async function readMail(door, vu, first, count, prepare = () => {}) {
  const tags = { door: door.name };
  const client = new door.Client();
  try {
    const start = Date.now();
    await client.open(door);
    await client.login(userOf(vu), password);
    loginMs.add(Date.now() - start, tags);
    prepare(client);
    for (let step = 0; step < count; step += 1) {
      await fetchOne(client, first + step, tags);
      await noop(client, tags);
    }
    await client.logout();
    failed.add(false, tags);
  } catch (error) {
    failed.add(true, tags);
    console.error(`${door.name}: ${String(error)}`);
    client.wire.end();
  }
}

export async function fetchOne(client, number, tags) {
  const start = Date.now();
  await client.fetch(number);
  fetchMs.add(Date.now() - start, tags);
  firstByteMs.add(client.wire.firstByteAt - start, tags);
}

export async function noop(client, tags) {
  const start = Date.now();
  await client.noop();
  noopMs.add(Date.now() - start, tags);
}
