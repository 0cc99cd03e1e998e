import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { faultyMail } from '../corpus/fault-mail.ts';
import { type CorpusMessage, realisticMail } from '../corpus/realistic-mail.ts';
import { type Download, downloadWith } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const DELAY_MS = 30_000;
const IDLE_USER = 'u19';
const READING_USER = 'u20';
const NEW_MESSAGES = 5;

/** Six messages of 4 MB and more, three for the baseline and three for the time of the slow scans. */
function largeMail(): CorpusMessage[] {
  const [first, second] = ['a', 'b'].map((seed) =>
    realisticMail({ count: 40, totalBytes: 60_000_000 }, seed)
      .filter(({ bytes }) => bytes.length > 4_000_000)
      .slice(0, 3),
  );
  return [...(first ?? []), ...(second ?? [])];
}

async function existsSeen(reader: ImapReader, count: number): Promise<number> {
  for (;;) {
    if ((await reader.response()).text === `* ${count} EXISTS`) {
      return performance.now();
    }
  }
}

describe(`while a scan takes ${DELAY_MS / 1000} s`, () => {
  const cleanup = new Cleanup();
  const ordinary = realisticMail({ count: 3, totalBytes: 300_000 });
  let dovecot: Dovecot;
  let gateway: Gateway;
  /** The downloads of all slow clients; they go on while the other tests run. */
  const slow = new Map<string, Promise<Download>>();
  let startedAt = 0;
  /** Milliseconds per megabyte for another user while nothing is slow. */
  let baselineMs = 0;
  const slowMail = new Map(
    CLIENTS.map((client, index) => [
      client.name,
      faultyMail(`slow-${index}`, `delay=${DELAY_MS}`, 5_000 * (index + 1)),
    ]),
  );

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    for (const [index, client] of CLIENTS.entries()) {
      const message = slowMail.get(client.name);
      await dovecot.deliverAll(`u${index + 1}`, message === undefined ? [] : [message, ...ordinary]);
    }
    gateway = cleanup.owns(
      await Gateway.start(dovecot, {
        // one worker for each slow scan and two for everybody else
        scan: { workers: CLIENTS.length + 2, timeoutMs: 60_000, deadlineMs: 90_000 },
        env: { POSTERN_SCAN_FAULTS: '1' },
      }),
    );
    await dovecot.deliverAll(READING_USER, largeMail());
    baselineMs = await readingTime(1);
    await startSlowClients();
  });
  after(() => cleanup.run());

  async function startSlowClients(): Promise<void> {
    startedAt = performance.now();
    for (const [index, client] of CLIENTS.entries()) {
      const download = downloadWith(client, gateway, 'clear', `u${index + 1}`);
      download.catch(() => undefined); // each has a test below that awaits it
      slow.set(client.name, download);
    }
    await eventually('all slow scans are held', 20_000, async () =>
      (await gateway.metric('postern_gateway_messages_held')) === CLIENTS.length ? true : undefined,
    );
  }

  /** Milliseconds per megabyte of three large messages that nobody has read before, from number `from` on. */
  async function readingTime(from: number): Promise<number> {
    const reader = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), READING_USER);
    const start = performance.now();
    let bytes = 0;
    for (let number = from; number < from + 3; number += 1) {
      bytes += (await reader.retr(number)).length;
    }
    const spent = performance.now() - start;
    await reader.quit();
    return spent / (bytes / 1_000_000);
  }

  it('an IDLE session sees new messages less than 100 ms later than without the gateway', async () => {
    const [direct, held] = await Promise.all(
      [dovecot, gateway].map((server) => ImapReader.inbox(imapEndpoint(server, 'clear'), IDLE_USER)),
    );
    assert.ok(direct !== undefined && held !== undefined);
    for (const reader of [direct, held]) {
      reader.send('IDLE');
      assert.match((await reader.response()).text, /^\+ /);
    }
    for (let count = 1; count <= NEW_MESSAGES; count += 1) {
      const seen = [direct, held].map((reader) => existsSeen(reader, count));
      await dovecot.deliver(IDLE_USER, ordinary[0]?.bytes ?? Buffer.alloc(0));
      const [directAt = 0, heldAt = 0] = await Promise.all(seen);
      assert.ok(heldAt - directAt < 100, `${heldAt - directAt} ms later for message ${count}`);
    }
    assert.ok(performance.now() - startedAt < DELAY_MS, 'measured while the scans were running');
    direct.wire.destroy();
    held.wire.destroy();
  });

  it('another user’s RETR runs at full speed', async () => {
    const busyMs = await readingTime(4);
    assert.ok(performance.now() - startedAt < DELAY_MS, 'measured while the scans were running');
    // twice the baseline is the noise of two cores that others use too
    assert.ok(busyMs < baselineMs * 2 + 20, `${busyMs} ms per MB instead of ${baselineMs}`);
  });

  for (const client of CLIENTS) {
    it(`${client.name} survives the wait and gets the message unchanged`, async () => {
      const download = await slow.get(client.name);
      const waited = performance.now() - startedAt;
      assert.ok(waited > DELAY_MS - 2_000, `only ${waited} ms: the scan was not slow`);
      const user = `u${CLIENTS.indexOf(client) + 1}`;
      const direct = await downloadWith(client, dovecot, 'clear', user);
      assert.equal(direct.size, ordinary.length + 1);
      assert.deepEqual([...(download?.keys() ?? [])].sort(), [...direct.keys()].sort());
      for (const [name, expected] of direct) {
        assert.ok(download?.get(name)?.equals(expected) === true, `${name} differs`);
      }
    });
  }
});
