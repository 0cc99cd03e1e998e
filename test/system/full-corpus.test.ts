import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail, survivingBytes } from '../corpus/infected-mail.ts';
import { FULL_CORPUS, realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, pop3Endpoint, type Security } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';

const USER = 'u1';

describe('500 realistic messages, 150 MB, over all four protocols', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail(FULL_CORPUS);
  const infected = infectedMail();
  let gateway: Gateway;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, [...clean, ...infected]);
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  /** What message number `index` (from 0) of the mailbox must look like behind the gateway. */
  function assertMessage(index: number, received: Buffer): void {
    const sent = clean[index];
    if (sent !== undefined) {
      assert.ok(received.equals(sent.bytes), `${sent.name} (${sent.kind}) differs`);
      return;
    }
    const original = infected[index - clean.length];
    assert.ok(original !== undefined, `message ${index} was not sent`);
    assert.equal(received.length, original.bytes.length, original.name);
    assert.equal(survivingBytes(received, original), 0, original.name);
  }

  async function readImap(security: Security): Promise<void> {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, security), USER);
    for (let number = 1; number <= clean.length + infected.length; number += 1) {
      const { untagged } = await reader.ok(`FETCH ${number} (BODY.PEEK[])`);
      const [content] = untagged.flatMap((response) => response.literals);
      assert.ok(content !== undefined, `no content for ${number}`);
      assertMessage(number - 1, content);
    }
    await reader.logout();
  }

  async function readPop3(security: Security): Promise<void> {
    const reader = await Pop3Reader.login(pop3Endpoint(gateway, security), USER);
    for (let number = 1; number <= clean.length + infected.length; number += 1) {
      assertMessage(number - 1, await reader.retr(number));
    }
    await reader.quit();
  }

  it('the corpus is what it is said to be', () => {
    const total = clean.reduce((sum, { bytes }) => sum + bytes.length, 0);
    assert.equal(clean.length, 500);
    assert.ok(total > 148_000_000 && total < 152_000_000, `${total} bytes`);
  });
  it('IMAP delivers them byte-identical, one after the other', () => readImap('clear'));
  it('IMAPS delivers them byte-identical, one after the other', () => readImap('tls'));
  it('POP3 delivers them byte-identical', () => readPop3('clear'));
  it('POP3S delivers them byte-identical', () => readPop3('tls'));

  it('one FETCH of the whole mailbox delivers them byte-identical', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'starttls'), USER);
    const messages = await reader.fetchAll();
    assert.equal(messages.size, clean.length + infected.length);
    for (const [index, content] of [...messages.values()].entries()) {
      assertMessage(index, content);
    }
    await reader.logout();
  });

  it('holds no message any more when all is read', async () => {
    assert.equal(await gateway.metric('postern_gateway_messages_held'), 0);
    assert.equal(await gateway.metric('postern_spool_bytes'), 0);
  });
});
