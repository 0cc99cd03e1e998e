import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const USER = 'u1';
const OTHER = 'u2';
const TOKEN = 'token-of-the-first-gateway';
const SYNCED_MS = 10_000;

async function overPop3(gateway: Gateway, user: string): Promise<Buffer> {
  const reader = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), user);
  const content = await reader.retr(1);
  await reader.quit();
  return content;
}

async function overImap(gateway: Gateway, user: string): Promise<Buffer> {
  const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), user);
  const [content] = (await reader.fetchAll()).values();
  await reader.logout();
  return content ?? Buffer.alloc(0);
}

describe('two gateways before one mail server', () => {
  const cleanup = new Cleanup();
  const [message] = infectedMail();
  assert.ok(message !== undefined);
  const original = message.bytes;
  const sha256 = createHash('sha256').update(original).digest('hex');
  let first: Gateway;
  let second: Gateway;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    for (const user of [USER, OTHER]) await dovecot.deliver(user, original);
    first = cleanup.owns(await Gateway.start(dovecot, { env: { POSTERN_ADMIN_TOKEN: TOKEN } }));
    const peers = [{ name: 'first', url: first.admin, token: TOKEN }];
    second = cleanup.owns(await Gateway.start(dovecot, { quarantine: { peers, peerPollMs: 200 } }));
  });
  after(() => cleanup.run());

  it('withhold the message both', async () => {
    for (const gateway of [first, second]) {
      assert.ok(!(await overPop3(gateway, USER)).equals(original));
      assert.ok(!(await overImap(gateway, USER)).equals(original));
    }
  });

  it('give it both once it was released at one, to the user it was released for', async () => {
    const result = await first.quarantine('release', sha256, '--reason', 'false alarm', '--user', USER);
    assert.equal(result.code, 0, result.transcript);
    assert.ok((await overPop3(first, USER)).equals(original));
    await eventually('the release is known at the second gateway', SYNCED_MS, async () =>
      (await overPop3(second, USER)).equals(original) ? true : undefined,
    );
    assert.ok((await overImap(second, USER)).equals(original));
    assert.ok(!(await overImap(second, OTHER)).equals(original), 'not to anybody else');
    const audit = await second.quarantine('audit', '--json');
    assert.match(audit.stdout.toString(), /"actor":"peer:first"/u);
  });

  it('withhold it both once it was withdrawn', async () => {
    const listed = await first.quarantine('releases', '--json');
    const { id } = JSON.parse(listed.stdout.toString());
    assert.equal((await first.quarantine('withdraw', String(id))).code, 0);
    await eventually('the withdrawal is known at the second gateway', SYNCED_MS, async () =>
      (await overPop3(second, USER)).equals(original) ? undefined : true,
    );
  });
});
