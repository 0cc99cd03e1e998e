import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type InfectedMessage, infectedMail, markerBytes, survivingBytes } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { type Reading, SCRIPTED_CLIENTS, type ScriptedClient } from './clients/scripted.ts';
import { Courier } from './harness/courier.ts';
import { Cyrus } from './harness/cyrus.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { type FillableServer, imapEndpoint, type MailServer } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';

const USER = 'u1';

const SERVERS: readonly (readonly [name: string, start: () => Promise<FillableServer>])[] = [
  ['Dovecot', () => Dovecot.start()],
  ['Cyrus', () => Cyrus.start([USER])],
  ['Courier', () => Courier.start()],
];

async function readWith(client: ScriptedClient, server: MailServer): Promise<Reading[]> {
  const reader = await ImapReader.inbox(imapEndpoint(server, 'clear'), USER);
  reader.wire.readTimeoutMs = client.patienceMs;
  const readings = await client.read(reader);
  await reader.logout();
  return readings;
}

/** Everything but the content. */
function frameOf({ message, section, windows }: Reading): string {
  return `${message} BODY[${section}] ${windows.join('+')}`;
}

/** The message as far as it was read through the gateway, each section in the place of the original’s. */
function assembled(original: InfectedMessage, direct: readonly Reading[], held: readonly Reading[]): Buffer {
  const message = Buffer.alloc(original.bytes.length);
  const read = Buffer.alloc(original.bytes.length);
  for (const [index, { section, bytes }] of direct.entries()) {
    const at = original.bytes.indexOf(bytes);
    assert.notEqual(at, -1, `${original.name} BODY[${section}] is not a piece of the message`);
    held[index]?.bytes.copy(message, at);
    read.fill(1, at, at + bytes.length);
  }
  assert.equal(read.subarray(original.guilty.start, original.guilty.end).indexOf(0), -1, original.name);
  return message;
}

function assertNeutralised(
  original: InfectedMessage,
  direct: readonly Reading[],
  held: readonly Reading[],
): void {
  for (const reading of held) {
    assert.equal(markerBytes(reading.bytes), 0, `${original.name}: ${frameOf(reading)}`);
  }
  assert.equal(survivingBytes(assembled(original, direct, held), original), 0, original.name);
}

for (const [name, start] of SERVERS) {
  describe(`scripted clients before ${name}`, () => {
    const cleanup = new Cleanup();
    const clean = realisticMail({ count: 20, totalBytes: 8_000_000 });
    const infected = infectedMail();
    let server: FillableServer;
    let gateway: Gateway;

    before(async () => {
      server = cleanup.owns(await start());
      await server.deliverAll(USER, [...clean, ...infected]);
      gateway = cleanup.owns(await Gateway.start(server));
    });
    after(() => cleanup.run());

    for (const client of SCRIPTED_CLIENTS) {
      it(`${client.name} reads clean mail as without the gateway, and infected mail neutralised`, async () => {
        const [direct, held] = [await readWith(client, server), await readWith(client, gateway)];
        assert.deepEqual(held.map(frameOf), direct.map(frameOf));
        assertCovered(client, held);
        assertClean(direct, held);
        for (const [index, original] of infected.entries()) {
          const ofMessage = ({ message, section }: Reading) =>
            message === clean.length + index + 1 && section !== 'HEADER.FIELDS';
          assertNeutralised(original, direct.filter(ofMessage), held.filter(ofMessage));
        }
      });
    }

    /** Every message was read, and one of each kind was too large for one window. */
    function assertCovered(client: ScriptedClient, held: readonly Reading[]): void {
      const contents = held.filter(({ section }) => section !== 'HEADER.FIELDS');
      assert.equal(new Set(contents.map(({ message }) => message)).size, clean.length + infected.length);
      if (!client.readsInWindows) return;
      const messages = contents.filter(({ windows }) => windows.length > 1).map(({ message }) => message);
      assert.ok(Math.min(...messages) <= clean.length, 'no clean message in several windows');
      assert.ok(Math.max(...messages) > clean.length, 'no infected message in several windows');
    }

    function assertClean(direct: readonly Reading[], held: readonly Reading[]): void {
      for (const [index, reading] of direct.entries()) {
        if (reading.message <= clean.length || reading.section === 'HEADER.FIELDS') {
          assert.ok(held[index]?.bytes.equals(reading.bytes) === true, `${frameOf(reading)} differs`);
        }
      }
    }
  });
}
