import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, PASSWORD } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const READER = 'u1';
const OTHER = 'u2';
const REFUSED = 'u3';
/** The gateway reads the original from the disk before it appends it. */
const APPENDED_MS = 20_000;

describe('a released original that is offered anew', () => {
  const cleanup = new Cleanup();
  const [message] = infectedMail();
  assert.ok(message !== undefined);
  const original = message.bytes;
  const sha256 = createHash('sha256').update(original).digest('hex');
  let dovecot: Dovecot;
  let gateway: Gateway;
  let substitute: Buffer;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    for (const user of [READER, OTHER]) await dovecot.deliver(user, original);
    await dovecot.doveadm('mailbox', 'create', '-u', REFUSED, 'Gone');
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  async function audit(): Promise<string[]> {
    const result = await gateway.quarantine('audit', '--json');
    assert.equal(result.code, 0, result.transcript);
    const lines = result.stdout.toString().trim().split('\n');
    return lines.map((line) => {
      const { action, detail } = JSON.parse(line);
      return `${String(action)} ${String(detail)}`;
    });
  }

  async function release(...args: readonly string[]): Promise<void> {
    const asked = ['release', sha256, '--reason', 'false alarm', '--offer-anew', ...args];
    const result = await gateway.quarantine(...asked);
    assert.equal(result.code, 0, result.transcript);
  }

  async function fetched(user: string): Promise<Map<number, Buffer>> {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), user);
    const all = await reader.fetchAll();
    await reader.logout();
    return all;
  }

  it('is a substitute before', async () => {
    const all = await fetched(READER);
    substitute = all.get(1) ?? Buffer.alloc(0);
    assert.equal(substitute.length, original.length);
    assert.ok(!substitute.equals(original));
  });

  it('comes with the next session of its reader as a new message, byte for byte, once', async () => {
    await release('--user', READER);
    const reader = await ImapReader.connect(imapEndpoint(gateway, 'clear'));
    await reader.ok(`LOGIN ${READER} ${PASSWORD}`);
    await eventually('the original is appended', APPENDED_MS, async () =>
      (await dovecot.count(READER)) === 2 ? true : undefined,
    );
    await reader.ok('SELECT INBOX');
    const all = await reader.fetchAll();
    assert.deepEqual([...all.keys()], [1, 2]);
    assert.ok(all.get(2)?.equals(original), 'the new message is the original');
    assert.deepEqual(await dovecot.flags(READER), ['1 ', '2 '], 'unseen, as new mail is');
    await reader.logout();
    assert.match((await audit()).join('\n'), /^offer-delivered to INBOX of u1$/m);
  });

  it('is not appended again, however many sessions and devices follow', async () => {
    const endpoints = ['clear', 'tls', 'starttls', 'clear'] as const;
    const sessions = await Promise.all(
      endpoints.map((security) => ImapReader.inbox(imapEndpoint(gateway, security), READER)),
    );
    for (const session of sessions) {
      await session.ok('NOOP');
      await session.logout();
    }
    assert.equal(await dovecot.count(READER), 2);
  });

  it('is nothing to another user', async () => {
    const all = await fetched(OTHER);
    assert.deepEqual([...all.keys()], [1]);
    assert.ok(all.get(1)?.equals(substitute), 'still the substitute');
    assert.equal(await dovecot.count(OTHER), 1);
  });

  it('is kept when the server refuses it, told in the audit trail, and not tried at every login', async () => {
    const tool = await ImapReader.connect(imapEndpoint(dovecot, 'clear'));
    await tool.ok(`LOGIN ${REFUSED} ${PASSWORD}`);
    const appending = tool.send(`APPEND Gone {${original.length}}`);
    assert.match(await tool.wire.line(), /^\+/);
    tool.wire.send(original);
    tool.wire.send('\r\n');
    await tool.completion(appending);
    const reader = await ImapReader.connect(imapEndpoint(gateway, 'clear'));
    await reader.ok(`LOGIN ${REFUSED} ${PASSWORD}`);
    await reader.ok('SELECT Gone');
    await reader.fetchAll();
    await reader.logout();
    await tool.ok('DELETE Gone');
    await tool.logout();
    await release('--user', REFUSED);
    for (const attempt of [1, 2]) {
      const session = await ImapReader.connect(imapEndpoint(gateway, 'clear'));
      await session.ok(`LOGIN ${REFUSED} ${PASSWORD}`);
      await eventually(`the refusal is told (${attempt})`, APPENDED_MS, async () =>
        (await audit()).some((line) => line.startsWith('offer-failed to Gone of u3')) ? true : undefined,
      );
      await session.ok('NOOP');
      await session.logout();
    }
    const refusals = (await audit()).filter((line) => line.startsWith('offer-failed'));
    assert.equal(refusals.length, 1, refusals.join('\n'));
    const listed = await gateway.quarantine('releases', '--json');
    const waiting = listed.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .find(({ user }) => user === REFUSED);
    assert.equal(waiting.pendingOffers, 1);
  });
});
