import { createServer } from 'node:net';

/**
 * Below the ports that Linux gives to outgoing connections and to port 0 (32768 and up): between the choice and the
 * start of a program lie seconds, in which any connection of another test could be given the port.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_767;
/** More than one test file ever asks for. Files that run beside each other have other process numbers, so other shares. */
const SHARE = 120;
const SHARES = Math.floor((LAST_PORT - FIRST_PORT) / SHARE);
const FIRST_OF_SHARE = FIRST_PORT + (process.pid % SHARES) * SHARE;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function* ports(): Generator<number, never> {
  for (let index = 0; ; index = (index + 1) % SHARE) {
    yield FIRST_OF_SHARE + index;
  }
}

const candidates = ports();

/** Ports of 127.0.0.1 that nobody listens on and that no other test is given. Throws when the share is used up. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let tries = 0; found.length < count; tries += 1) {
    if (tries > SHARE)
      throw new Error(`of ${SHARE} ports from ${FIRST_OF_SHARE} on fewer than ${count} are free`);
    const port = candidates.next().value;
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that no port is tried twice
    if (await isFree(port)) found.push(port);
  }
  return found;
}
