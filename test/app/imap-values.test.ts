import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { type FixtureSettings, GatewayFixture } from '../support/gateway-fixture.ts';

const MESSAGE =
  'Subject: outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nX: y\r\nTo: bob\r\n\r\ntext\r\n';
/** Two of three header lines: no substring of the message. */
const SUBSET = 'Subject: in\r\nTo: bob\r\n\r\n';
const GREETING = '* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n';

async function session(t: TestContext, config: FixtureSettings['config'] = {}) {
  const fixture = await GatewayFixture.start(t, {
    relays: {
      pop3: createPop3Relay,
      imap: (settings) => createImapRelay({ ...settings, allowPreauth: true }),
    },
    config,
  });
  const { client, upstream } = await fixture.pair();
  upstream.send(GREETING);
  await client.expect(GREETING);
  return { client, upstream };
}

describe('the gateway speaking IMAP, value by value', () => {
  it('judges a value by itself that it did not find in its message, and goes on', async (t) => {
    const { client, upstream } = await session(t);
    client.send('a UID FETCH 7 BODY.PEEK[1.HEADER.FIELDS (Subject To)]\r\n');
    await upstream.expect('a UID FETCH 7 (BODY.PEEK[1.HEADER.FIELDS (Subject To)] UID BODY.PEEK[])\r\n');
    const value = `BODY[1.HEADER.FIELDS (Subject To)] {${SUBSET.length}}\r\n${SUBSET}`;
    upstream.send(`* 1 FETCH (UID 7 ${value} BODY[] {${MESSAGE.length}}\r\n${MESSAGE})\r\na OK done\r\n`);
    await client.expect(`* 1 FETCH (UID 7 ${value})\r\na OK done\r\n`);
    client.send('b NOOP\r\n');
    await upstream.expect('b NOOP\r\n');
  });

  it('sends an upload on unjudged when uploads are not to be scanned', async (t) => {
    const { client, upstream } = await session(t, { scan: { uploads: false } });
    client.send('a APPEND INBOX {8+}\r\nINFECTED\r\n');
    await upstream.expect('a APPEND INBOX {8}\r\n');
    upstream.send('+ go on\r\n');
    const received = await upstream.receiveUntil('INFECTED\r\n');
    assert.equal(received.toString(), 'INFECTED\r\n');
    upstream.send('a OK done\r\n');
    await client.expect('a OK done\r\n');
  });

  it('refuses an upload that is infected', async (t) => {
    const { client } = await session(t);
    client.send('a APPEND INBOX {8+}\r\nINFECTED\r\n');
    await client.expect('a NO [CANNOT] Message refused, harmful content was found\r\n');
  });
});
