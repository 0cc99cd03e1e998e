import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { comparable, Conversation } from '../conformance/conversation.ts';
import { loadScripts } from '../conformance/library.ts';
import type { Script } from '../conformance/script.ts';
import { Dovecot, USERS } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, type MailServer, PASSWORD } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';

/** Two for each script, so that none waits for the logout of another. */
function userOf(index: number): string {
  return USERS[index % USERS.length] ?? '';
}

async function offers(server: MailServer): Promise<readonly string[]> {
  const reader = await ImapReader.connect(imapEndpoint(server, 'clear'));
  await reader.ok(`LOGIN ${userOf(0)} ${PASSWORD}`);
  const { untagged } = await reader.ok('CAPABILITY');
  await reader.logout();
  return untagged.flatMap(({ text }) => text.split(' '));
}

describe('IMAP conformance', () => {
  const cleanup = new Cleanup();
  const scripts = loadScripts();
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  async function play(script: Script, server: MailServer, user: string): Promise<string[]> {
    await dovecot.empty(user);
    const conversation = new Conversation(script, imapEndpoint(server, 'clear'), user);
    await conversation.run();
    return comparable(conversation.said);
  }

  it('what the scripts need is offered by Dovecot and not hidden by the gateway', async () => {
    const needed = new Set(scripts.flatMap(({ needs }) => needs));
    const [direct, held] = await Promise.all([offers(dovecot), offers(gateway)]);
    for (const capability of needed) {
      assert.ok(direct.includes(capability), `Dovecot has no ${capability}`);
      assert.ok(held.includes(capability), `the gateway hides ${capability}`);
    }
  });

  for (const [index, script] of scripts.entries()) {
    it(`${script.name}: as directly, so through the gateway`, async () => {
      const direct = await play(script, dovecot, userOf(2 * index));
      const held = await play(script, gateway, userOf(2 * index + 1));
      assert.deepEqual(held, direct);
    });
  }
});
