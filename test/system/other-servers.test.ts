import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail, markerBytes, survivingBytes } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { type Client, downloadWith } from './clients/client.ts';
import { curlImap } from './clients/curl.ts';
import { fetchmailImap, fetchmailPop3 } from './clients/fetchmail.ts';
import { imapflow } from './clients/imapflow.ts';
import { mbsync } from './clients/mbsync.ts';
import { mpop } from './clients/mpop.ts';
import { neomutt } from './clients/mutt.ts';
import { Courier } from './harness/courier.ts';
import { Cyrus } from './harness/cyrus.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { type FillableServer, imapEndpoint, pop3Endpoint, SECURITIES } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';

const USER = 'u1';
const CLIENTS: readonly Client[] = [mbsync, neomutt, fetchmailImap, curlImap, imapflow, fetchmailPop3, mpop];

const SERVERS: readonly (readonly [name: string, start: () => Promise<FillableServer>])[] = [
  ['Cyrus', () => Cyrus.start([USER])],
  ['Courier', () => Courier.start()],
];

for (const [name, start] of SERVERS) {
  describe(`before ${name}`, () => {
    const cleanup = new Cleanup();
    const clean = realisticMail({ count: 20, totalBytes: 2_000_000 });
    const infected = infectedMail();
    const all = [...clean, ...infected];
    let server: FillableServer;
    let gateway: Gateway;

    before(async () => {
      server = cleanup.owns(await start());
      await server.deliverAll(USER, all);
      gateway = cleanup.owns(await Gateway.start(server));
    });
    after(() => cleanup.run());

    function assertMailbox(received: readonly Buffer[]): void {
      assert.equal(received.length, all.length);
      for (const [index, original] of clean.entries()) {
        assert.ok(received[index]?.equals(original.bytes) === true, `${original.name} differs`);
      }
      for (const [index, original] of infected.entries()) {
        const message = received[clean.length + index] ?? Buffer.alloc(0);
        assert.equal(message.length, original.bytes.length, original.name);
        assert.equal(survivingBytes(message, original), 0, original.name);
      }
    }

    for (const security of SECURITIES) {
      it(`IMAP delivers clean mail byte-identical and infected mail neutralised (${security})`, async () => {
        const reader = await ImapReader.inbox(imapEndpoint(gateway, security), USER);
        assertMailbox([...(await reader.fetchAll()).values()]);
        await reader.logout();
      });

      it(`POP3 delivers clean mail byte-identical and infected mail neutralised (${security})`, async () => {
        const reader = await Pop3Reader.login(pop3Endpoint(gateway, security), USER);
        const received: Buffer[] = [];
        for (const number of all.keys()) {
          received.push(await reader.retr(number + 1));
        }
        assertMailbox(received);
        await reader.quit();
      });
    }

    it('sizes and structures are what the server says', async () => {
      const items = 'FETCH 1:* (UID RFC822.SIZE ENVELOPE BODYSTRUCTURE)';
      const [direct, held] = await Promise.all(
        [server, gateway].map(async (side) => {
          const reader = await ImapReader.inbox(imapEndpoint(side, 'clear'), USER);
          const { untagged } = await reader.ok(items);
          await reader.logout();
          return untagged.filter(({ text }) => text.includes('BODYSTRUCTURE'));
        }),
      );
      assert.equal(direct?.length, all.length);
      assert.deepEqual(held, direct);
    });

    for (const client of CLIENTS) {
      it(`${client.name} gets what it gets directly, infected mail neutralised`, async () => {
        const direct = await downloadWith(client, server, 'clear', USER);
        const held = await downloadWith(client, gateway, 'starttls', USER);
        assert.deepEqual([...held.keys()].sort(), all.map((message) => message.name).sort());
        for (const original of clean) {
          const expected = direct.get(original.name) ?? Buffer.alloc(0);
          assert.ok(held.get(original.name)?.equals(expected) === true, `${original.name} differs`);
        }
        for (const original of infected) {
          const message = held.get(original.name) ?? Buffer.alloc(0);
          assert.equal(message.length, direct.get(original.name)?.length, original.name);
          assert.equal(markerBytes(message), 0, original.name);
        }
      });
    }
  });
}
