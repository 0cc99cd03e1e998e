import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail, markerBytes } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Seeded } from '../corpus/seeded.ts';
import { openImapFlow } from './clients/imapflow.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader, type ImapResponse, type ImapResult } from './harness/imap-reader.ts';
import { imapEndpoint, type MailServer } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';

const USER = 'u1';
const RANGE_USER = 'u2';
const REQUESTS = 2_000;
/** What Apple's mail programs ask for at a time. */
const RANGE_BYTES = 393_216;
const SECTIONS = [
  '',
  '1',
  '2',
  '1.1',
  '2.1',
  '2.2',
  '3',
  'TEXT',
  'HEADER',
  '1.MIME',
  '2.MIME',
  '2.HEADER',
  '2.TEXT',
  'HEADER.FIELDS (Subject From Content-Type)',
  'HEADER.FIELDS.NOT (Received)',
];

/** One request for a part or a range of one message, as chunking clients make them. */
function randomItem(random: Seeded): string {
  const name = random.between(0, 3) === 0 ? 'BODY' : 'BODY.PEEK';
  const section = random.pick(SECTIONS);
  const origin = random.pick([0, 0, 1, 500, 4_096, 65_536, 393_216, 10_000_000]);
  const length = random.pick([1, 10, 100, 2_048, 65_536, 393_216]);
  const range = random.between(0, 1) === 0 ? `<${origin}.${length}>` : '';
  return `${name}[${section}]${range}`;
}

/** One response without what differs from run to run: flags, and the two ways to write an empty value. */
function comparableResponse({ text, literals }: ImapResponse): string {
  const fields = text.replaceAll(/FLAGS \([^)]*\) ?/g, '').replaceAll('{0}', '""');
  return [
    fields,
    ...literals.filter(({ length }) => length > 0).map((bytes) => bytes.toString('latin1')),
  ].join('\n');
}

function comparable({ tagged, untagged }: ImapResult): string[] {
  const content = untagged.filter(({ text }) => /^\* \d+ FETCH \(.*(BODY|UID)/.test(text));
  return [tagged.slice(0, 2), ...content.map(comparableResponse)];
}

function open(server: MailServer): Promise<ImapReader> {
  return ImapReader.inbox(imapEndpoint(server, 'clear'), USER);
}

describe('parts and ranges', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail({ count: 30, totalBytes: 4_000_000 });
  const infected = infectedMail();
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, [...clean, ...infected]);
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  it(`${REQUESTS} random requests on clean messages are answered as by the server itself`, async () => {
    const random = new Seeded('sections of clean mail');
    const [direct, held] = await Promise.all([open(dovecot), open(gateway)]);
    for (let count = 0; count < REQUESTS; count += 1) {
      const number = random.between(1, clean.length);
      const verb = random.between(0, 1) === 0 ? 'FETCH' : 'UID FETCH';
      const items = random.between(0, 4) === 0 ? `(UID ${randomItem(random)})` : randomItem(random);
      const command = `${verb} ${number} ${items}`;
      const [expected, received] = [await direct.command(command), await held.command(command)];
      assert.deepEqual(comparable(received), comparable(expected), command);
    }
    await Promise.all([direct.logout(), held.logout()]);
  });

  it('random requests on infected messages have the origin and length of the server, and no marker', async () => {
    const random = new Seeded('sections of infected mail');
    const [direct, held] = await Promise.all([open(dovecot), open(gateway)]);
    for (let count = 0; count < REQUESTS / 4; count += 1) {
      const number = clean.length + random.between(1, infected.length);
      const command = `FETCH ${number} (UID ${randomItem(random)})`;
      const [expected, received] = [await direct.command(command), await held.command(command)];
      const framing = (result: ImapResult) => comparable({ ...result, untagged: withoutContent(result) });
      assert.deepEqual(framing(received), framing(expected), command);
      for (const { text, literals } of received.untagged) {
        assert.equal(markerBytes(Buffer.concat([Buffer.from(text, 'latin1'), ...literals])), 0, command);
      }
    }
    await Promise.all([direct.logout(), held.logout()]);
  });

  it('the ranges of an infected message, put together, are the neutralised message', async () => {
    const reader = await open(gateway);
    for (const [index, original] of infected.entries()) {
      const number = clean.length + index + 1;
      const whole = await contentOf(reader, `FETCH ${number} BODY.PEEK[]`);
      const pieces: Buffer[] = [];
      for (let origin = 0; origin < original.bytes.length; origin += RANGE_BYTES) {
        pieces.push(await contentOf(reader, `FETCH ${number} BODY.PEEK[]<${origin}.${RANGE_BYTES}>`));
      }
      assert.ok(Buffer.concat(pieces).equals(whole), original.name);
    }
    await reader.logout();
  });

  it('20 MB read in ranges of 384 KiB cost the server at most 1.1 times the message', async () => {
    const [large] = realisticMail({ count: 10, totalBytes: 150_000_000 }).filter(
      ({ bytes }) => bytes.length > 15_000_000,
    );
    assert.ok(large !== undefined);
    await dovecot.deliver(RANGE_USER, large.bytes);
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), RANGE_USER);
    const before = await gateway.metric('postern_gateway_bytes_total', 'side="upstream"');
    const pieces: Buffer[] = [];
    for (let origin = 0; origin < large.bytes.length; origin += RANGE_BYTES) {
      pieces.push(await contentOf(reader, `UID FETCH 1 (UID BODY.PEEK[]<${origin}.${RANGE_BYTES}>)`));
    }
    await reader.logout();
    assert.ok(Buffer.concat(pieces).equals(large.bytes), 'the ranges are the message');
    const spent = (await gateway.metric('postern_gateway_bytes_total', 'side="upstream"')) - before;
    assert.ok(spent <= large.bytes.length * 1.1, `${spent} bytes for ${large.bytes.length}`);
  });

  it('imapflow downloads clean messages in chunks of 64 KiB, identical, and infected ones neutralised', async () => {
    const client = await openImapFlow(imapEndpoint(gateway, 'tls'), USER);
    await client.mailboxOpen('INBOX', { readOnly: true });
    for (const [index, { name, bytes }] of [...clean, ...infected].entries()) {
      const { content } = await client.download(String(index + 1), undefined, { uid: false });
      assert.ok(content !== undefined, name);
      const chunks: Buffer[] = [];
      for await (const chunk of content) {
        chunks.push(Buffer.from(chunk));
      }
      const received = Buffer.concat(chunks);
      assert.equal(received.length, bytes.length, name);
      assert.equal(index < clean.length, received.equals(bytes), name);
      assert.equal(markerBytes(received), 0, name);
    }
    await client.logout();
  });
});

/** Literals by their length only; quoted strings and NIL stay as they are. */
function withoutContent({ untagged }: ImapResult): ImapResult['untagged'] {
  return untagged.map(({ text, literals }) => ({
    text,
    literals: literals.map(({ length }) => Buffer.alloc(length)),
  }));
}

async function contentOf(reader: ImapReader, command: string): Promise<Buffer> {
  const { untagged } = await reader.ok(command);
  return untagged.flatMap(({ literals }) => literals)[0] ?? Buffer.alloc(0);
}
