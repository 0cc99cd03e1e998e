import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type InfectedMessage, infectedMail, markerBytes, survivingBytes } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader, type ImapResponse } from './harness/imap-reader.ts';
import { imapEndpoint, type MailServer, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';

const USER = 'u1';
const IMAP_ITEMS = 'UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER]';

function comparable(responses: readonly ImapResponse[]): string[] {
  // \Recent belongs to the first session that saw the message, whoever that is
  return responses.map(({ text, literals }) =>
    [text.replaceAll(/\\Recent ?/g, ''), ...literals.map((literal) => literal.toString('latin1'))].join('\n'),
  );
}

async function imapMetadata(server: MailServer): Promise<string[]> {
  const reader = await ImapReader.inbox(imapEndpoint(server, 'clear'), USER);
  const { untagged } = await reader.ok(`FETCH 1:* (${IMAP_ITEMS})`);
  await reader.logout();
  return comparable(untagged);
}

async function pop3Metadata(server: MailServer): Promise<string[]> {
  const reader = await Pop3Reader.login(pop3Endpoint(server, 'clear'), USER);
  const answers = [await reader.ok('STAT'), ...(await reader.lines('LIST')), ...(await reader.lines('UIDL'))];
  answers.push(await reader.ok('LIST 1'), await reader.ok('UIDL 2'));
  await reader.quit();
  return answers;
}

/** The message with every octet but CR and LF made the same. */
function lineEnds(bytes: Buffer): string {
  return bytes.toString('latin1').replaceAll(/[^\r\n]/g, '#');
}

function assertNeutralised(received: Buffer, original: InfectedMessage): void {
  assert.equal(received.length, original.bytes.length, original.name);
  assert.equal(survivingBytes(received, original), 0, original.name);
  const headersEnd = original.bytes.indexOf('\r\n\r\n') + 4;
  assert.ok(received.subarray(0, headersEnd).equals(original.bytes.subarray(0, headersEnd)), 'headers');
  assert.equal(lineEnds(received), lineEnds(original.bytes), `line structure of ${original.name}`);
}

describe('what clients know of a message before they read it', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail({ count: 12, totalBytes: 1_000_000 });
  const infected = infectedMail();
  const all = [...infected, ...clean];
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, all);
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  async function readEverything(): Promise<void> {
    const imap = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    assert.equal((await imap.fetchAll()).size, all.length);
    await imap.logout();
  }

  it('sizes, structures, envelopes and headers are the same before and after infected mail was read', async () => {
    const direct = await imapMetadata(dovecot);
    assert.equal(direct.length, all.length);
    assert.deepEqual(await imapMetadata(gateway), direct);
    await readEverything();
    assert.deepEqual(await imapMetadata(gateway), direct);
    assert.deepEqual(await imapMetadata(dovecot), direct);
  });

  it('STAT, LIST and UIDL are the same before and after infected mail was read', async () => {
    const direct = await pop3Metadata(dovecot);
    assert.deepEqual(await pop3Metadata(gateway), direct);
    const reader = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), USER);
    for (const [index, { bytes }] of all.entries()) {
      assert.equal((await reader.retr(index + 1)).length, bytes.length);
    }
    await reader.quit();
    assert.deepEqual(await pop3Metadata(gateway), direct);
  });

  it('the size of a neutralised message is its RFC822.SIZE, and its line structure stays', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    for (const [index, original] of infected.entries()) {
      const { untagged } = await reader.ok(`FETCH ${index + 1} (RFC822.SIZE BODY.PEEK[])`);
      const [response] = untagged;
      const size = Number(/RFC822\.SIZE (\d+)/.exec(response?.text ?? '')?.[1]);
      assert.equal(response?.literals[0]?.length, size);
      assertNeutralised(response?.literals[0] ?? Buffer.alloc(0), original);
    }
    await reader.logout();
  });

  it('only the guilty part of a neutralised message is overwritten', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    const received = [...(await reader.fetchAll('RFC822', `1:${infected.length}`)).values()];
    for (const [index, original] of infected.entries()) {
      const { start, end } = original.guilty;
      const message = received[index] ?? Buffer.alloc(0);
      assert.ok(
        message.subarray(0, start).equals(original.bytes.subarray(0, start)),
        `${original.name}: before`,
      );
      assert.ok(message.subarray(end).equals(original.bytes.subarray(end)), `${original.name}: behind`);
    }
    await reader.logout();
  });

  it('header and text fetched apart, as fetchmail does, make the neutralised message', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    for (const [index, original] of infected.entries()) {
      const header = await reader.ok(`FETCH ${index + 1} RFC822.HEADER`);
      const text = await reader.ok(`FETCH ${index + 1} BODY.PEEK[TEXT]`);
      const parts = [...header.untagged, ...text.untagged].flatMap(({ literals }) => literals);
      assertNeutralised(Buffer.concat(parts), original);
    }
    await reader.logout();
  });

  it('TOP shows clean lines as they are and no line of a guilty piece', async () => {
    const [direct, held] = await Promise.all([
      Pop3Reader.login(pop3Endpoint(dovecot, 'clear'), USER),
      Pop3Reader.login(pop3Endpoint(gateway, 'clear'), USER),
    ]);
    for (const number of all.keys()) {
      assert.deepEqual(await held.multi(`TOP ${number + 1} 0`), await direct.multi(`TOP ${number + 1} 0`));
    }
    for (const number of infected.keys()) {
      assert.equal(markerBytes(await held.multi(`TOP ${number + 1} 999999`)), 0);
    }
    for (let number = infected.length + 1; number <= all.length; number += 1) {
      assert.deepEqual(await held.multi(`TOP ${number} 7`), await direct.multi(`TOP ${number} 7`));
    }
    await Promise.all([direct.quit(), held.quit()]);
  });
});
