import type { TestContext } from 'node:test';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import type { Finding, Verdict } from '../../src/scan/verdict.ts';
import { GatewayFixture, type FixtureSettings } from './gateway-fixture.ts';

/* Gateways with exclusions, and who fetches through them. */

const HEADER = 'From: a@example\r\nSubject: hello\r\n\r\n';
export const INFECTED = `${HEADER}INFECTED text in the body\r\n`;
export const OTHER = `${HEADER}INFECTED otherwise, same size\r\n`;
export const ACCOUNT = { owner: 'ann', reason: 'a test' };

export const relays = { imap: createImapRelay, pop3: createPop3Relay };

type Lists = Record<string, readonly Record<string, string>[]>;

export async function gatewayWith(t: TestContext, lists: Lists, settings: Partial<FixtureSettings> = {}) {
  const exclusions = Object.fromEntries(
    Object.entries(lists).map(([kind, entries]) => [
      kind,
      entries.map((entry) => ({ ...entry, ...ACCOUNT })),
    ]),
  );
  return await GatewayFixture.start(t, { relays, ...settings, config: { exclusions, ...settings.config } });
}

export async function loggedIn(fixture: GatewayFixture, user = 'ann', id = '') {
  const { client, upstream } = await fixture.pair();
  upstream.send('* OK [CAPABILITY IMAP4rev1 ID] ready\r\n');
  await client.receiveUntil('\r\n');
  if (id !== '') {
    client.send(`i ID (${id})\r\n`);
    await upstream.receiveUntil('\r\n');
    upstream.send('i OK done\r\n');
    await client.receiveUntil('i OK done\r\n');
  }
  client.send(`a LOGIN ${user} secret\r\n`);
  await upstream.receiveUntil('\r\n');
  upstream.send('a OK done\r\n');
  await client.receiveUntil('a OK done\r\n');
  return { client, upstream };
}

type Pair = Awaited<ReturnType<typeof loggedIn>>;

export async function select({ client, upstream }: Pair, mailbox: string): Promise<void> {
  client.send(`s SELECT ${mailbox}\r\n`);
  await upstream.receiveUntil('\r\n');
  upstream.send('* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\ns OK [READ-WRITE] done\r\n');
  await client.receiveUntil('s OK');
  await client.receiveUntil('\r\n');
}

/** What the client gets of a message. */
export async function fetched({ client, upstream }: Pair, content = INFECTED): Promise<string> {
  client.send('f FETCH 1 BODY[]\r\n');
  const tag = (await upstream.receiveUntil('\r\n')).toString().split(' ')[0] ?? '';
  upstream.send(`* 1 FETCH (BODY[] {${content.length}}\r\n${content})\r\n${tag} OK done\r\n`);
  return (await client.receiveUntil('f OK done\r\n')).toString();
}

/** A tunnel: what the client says first arrives as it is, with no greeting in between. */
export async function isTunnelled(fixture: GatewayFixture): Promise<boolean> {
  const { client, upstream } = await fixture.pair();
  upstream.send('220 not a mail server\r\n');
  const heard = (await client.receiveUntil('\r\n').catch(() => Buffer.alloc(0))).toString();
  if (heard !== '220 not a mail server\r\n') return false;
  client.send('raw\r\n');
  await upstream.expect('raw\r\n');
  return true;
}

export async function unscanned(fixture: GatewayFixture, cause: string): Promise<number> {
  return await fixture.metric('postern_unscanned_total', { cause });
}

export function hits(fixture: GatewayFixture): number[] {
  return fixture.exclusions.list().map((one) => one.hits);
}

export function found(...findings: Finding[]): Verdict {
  return { kind: 'malicious', findings };
}
