import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { downloadWith } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, type MailServer, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';

/** The same mail for two users: one reads it directly, the other through the gateway. */
const DIRECT = 'u1';
const HELD = 'u2';

describe('message state is the client’s', () => {
  const cleanup = new Cleanup();
  const mail = [...infectedMail(), ...realisticMail({ count: 10, totalBytes: 600_000 })];
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  async function refill(): Promise<void> {
    for (const user of [DIRECT, HELD]) {
      await dovecot.empty(user);
      await dovecot.deliverAll(user, mail);
    }
  }

  /** Does the same on both sides and compares what the server then says of the messages. */
  async function assertSameState(
    act: (server: MailServer, user: string) => Promise<unknown>,
  ): Promise<string[]> {
    await refill();
    await act(dovecot, DIRECT);
    await act(gateway, HELD);
    const expected = await dovecot.flags(DIRECT);
    assert.deepEqual(await dovecot.flags(HELD), expected);
    return expected;
  }

  for (const client of CLIENTS) {
    it(`${client.name} leaves the flags that it leaves without the gateway`, async () => {
      const flags = await assertSameState((server, user) => downloadWith(client, server, 'clear', user));
      assert.equal(flags.length, mail.length);
    });
  }

  it('reading with PEEK marks nothing, reading without marks \\Seen', async () => {
    const flags = await assertSameState(async (server, user) => {
      const reader = await ImapReader.inbox(imapEndpoint(server, 'clear'), user);
      await reader.ok('FETCH 1:3 (BODY.PEEK[])');
      await reader.ok('FETCH 4:6 (BODY[])');
      await reader.ok('FETCH 7 (RFC822)');
      await reader.ok('FETCH 8 (BODY.PEEK[TEXT])');
      await reader.logout();
    });
    assert.deepEqual(
      flags.filter((line) => line.includes('\\Seen')).map((line) => line.split(' ')[0]),
      ['4', '5', '6', '7'],
    );
  });

  it('read, answered, flagged, deleted and keywords are set as without the gateway', async () => {
    const flags = await assertSameState(async (server, user) => {
      const reader = await ImapReader.inbox(imapEndpoint(server, 'starttls'), user);
      await reader.fetchAll();
      await reader.ok('STORE 1 +FLAGS (\\Seen \\Answered)');
      await reader.ok('STORE 2:3 +FLAGS.SILENT (\\Deleted)');
      await reader.ok('UID STORE 4 FLAGS (\\Flagged $Forwarded Project)');
      await reader.ok('STORE 1 -FLAGS (\\Seen)');
      await reader.logout();
    });
    assert.deepEqual(flags.slice(0, 4), [
      '1 \\Answered',
      '2 \\Deleted',
      '3 \\Deleted',
      '4 $Forwarded Project \\Flagged',
    ]);
  });

  it('expunged and moved messages are gone as without the gateway', async () => {
    const flags = await assertSameState(async (server, user) => {
      const reader = await ImapReader.inbox(imapEndpoint(server, 'tls'), user);
      await reader.fetchAll();
      await reader.ok('STORE 1,5 +FLAGS (\\Deleted)');
      await reader.ok('EXPUNGE');
      await reader.ok('CREATE Archive');
      await reader.ok('MOVE 1 Archive');
      await reader.logout();
    });
    assert.equal(flags.length, mail.length - 3);
  });

  it('POP3 deletes what it is told to at QUIT, and nothing when the session breaks', async () => {
    const flags = await assertSameState(async (server, user) => {
      const first = await Pop3Reader.login(pop3Endpoint(server, 'clear'), user);
      await first.retr(1);
      await first.ok('DELE 1');
      await first.ok('DELE 3');
      await first.quit();
      const second = await Pop3Reader.login(pop3Endpoint(server, 'starttls'), user);
      await second.ok('DELE 2');
      second.wire.destroy();
    });
    assert.equal(flags.length, mail.length - 2);
  });
});
