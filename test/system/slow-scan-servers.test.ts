import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { faultyMail } from '../corpus/fault-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { type Client, downloadWith } from './clients/client.ts';
import { curlImap } from './clients/curl.ts';
import { fetchmailImap } from './clients/fetchmail.ts';
import { imapflow } from './clients/imapflow.ts';
import { mbsync } from './clients/mbsync.ts';
import { mpop } from './clients/mpop.ts';
import { type Reading, SCRIPTED_CLIENTS, type ScriptedClient } from './clients/scripted.ts';
import { Courier } from './harness/courier.ts';
import { Cyrus } from './harness/cyrus.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { type FillableServer, imapEndpoint, type MailServer } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';

const DELAY_MS = 25_000;
/** Large enough that the clients that read in chunks do so. */
const SLOW_BYTES = 150_000;

/** What a client got, by the name of the message or by what it asked for. */
type Received = ReadonlyMap<string, Buffer>;
type Read = (server: MailServer, user: string) => Promise<Received>;

function real(client: Client): readonly [string, Read] {
  return [client.name, (server, user) => downloadWith(client, server, 'clear', user)];
}

const keyOf = ({ message, section, windows }: Reading) => `${message} BODY[${section}] ${windows.join('+')}`;

function scripted(client: ScriptedClient): readonly [string, Read] {
  const read: Read = async (server, user) => {
    const reader = await ImapReader.inbox(imapEndpoint(server, 'clear'), user);
    reader.wire.readTimeoutMs = client.patienceMs;
    const readings = await client.read(reader);
    await reader.logout();
    return new Map(readings.map((reading) => [keyOf(reading), reading.bytes]));
  };
  return [`scripted ${client.name}`, read];
}

const SCRIPTED = SCRIPTED_CLIENTS.map(scripted);
const ALL = [...[mbsync, fetchmailImap, curlImap, imapflow, mpop].map(real), ...SCRIPTED];
const USERS = ALL.map((_, index) => `u${index + 1}`);

/** Dovecot’s real clients have a test of their own. */
const SERVERS: readonly (readonly [string, () => Promise<FillableServer>, typeof ALL])[] = [
  ['Dovecot', () => Dovecot.start(), SCRIPTED],
  ['Cyrus', () => Cyrus.start(USERS), ALL],
  ['Courier', () => Courier.start(), ALL],
];

// side by side, since nearly all of the time is waiting
describe(`while a scan takes ${DELAY_MS / 1000} s`, { concurrency: SERVERS.length }, () => {
  for (const [name, start, clients] of SERVERS) {
    describe(`before ${name}`, { concurrency: clients.length }, () => {
      const cleanup = new Cleanup();
      const ordinary = realisticMail({ count: 3, totalBytes: 300_000 });
      let server: FillableServer;
      let gateway: Gateway;

      before(async () => {
        server = cleanup.owns(await start());
        for (const [index, user] of USERS.slice(0, clients.length).entries()) {
          const slow = faultyMail(`slow-${index}`, `delay=${DELAY_MS}`, SLOW_BYTES);
          await server.deliverAll(user, [slow, ...ordinary]);
        }
        gateway = cleanup.owns(
          await Gateway.start(server, {
            scan: { workers: clients.length + 1, timeoutMs: 60_000, deadlineMs: 90_000 },
            env: { POSTERN_SCAN_FAULTS: '1' },
          }),
        );
      });
      after(() => cleanup.run());

      for (const [index, [client, read]] of clients.entries()) {
        it(`${client} survives the wait and gets the mailbox unchanged`, async () => {
          const user = USERS[index] ?? '';
          const direct = await read(server, user);
          const startedAt = performance.now();
          const held = await read(gateway, user);
          const waited = performance.now() - startedAt;
          assert.ok(waited > DELAY_MS, `only ${waited} ms: the scan was not slow`);
          assert.ok(direct.size > ordinary.length);
          assert.deepEqual([...held.keys()].sort(), [...direct.keys()].sort());
          for (const [what, expected] of direct) {
            assert.ok(held.get(what)?.equals(expected) === true, `${what} differs`);
          }
        });
      }
    });
  }
});
