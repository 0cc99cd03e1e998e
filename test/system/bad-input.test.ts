import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { type Endpoint, imapEndpoint, PASSWORD, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';
import { Wire } from './harness/wire.ts';

const USER = 'u1';
const BYSTANDER = 'u2';
/** A gateway that waits for ever is as wrong as one that crashes. */
const CLOSE_TIMEOUT_MS = 10_000;

const IMAP_LOGIN = `a LOGIN ${USER} ${PASSWORD}\r\n`;
const POP3_LOGIN = `USER ${USER}\r\nPASS ${PASSWORD}\r\n`;

const ATTACKS: readonly (readonly [what: string, protocol: 'imap' | 'pop3', bytes: string])[] = [
  ['HTTP on the IMAP port', 'imap', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['HTTP on the POP3 port', 'pop3', 'POST / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a TLS ClientHello on the clear-text port', 'imap', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['commands behind STARTTLS in the same segment', 'imap', `a STARTTLS\r\n${IMAP_LOGIN}`],
  ['commands behind STLS in the same segment', 'pop3', `STLS\r\n${POP3_LOGIN}`],
  ['an IMAP line of 10 MB', 'imap', `a LOGIN ${'x'.repeat(10_000_000)}`],
  ['a POP3 line of 10 MB', 'pop3', `USER ${'x'.repeat(10_000_000)}`],
  ['a literal that no machine can hold', 'imap', 'a LOGIN {99999999999999999999+}\r\n'],
  ['a NUL in an IMAP command', 'imap', 'a NO\0OP\r\n'],
  ['a NUL in a POP3 command', 'pop3', 'NO\0OP\r\n'],
  ['a bare CR in an IMAP command', 'imap', 'a NOOP\rb LOGOUT\r\n'],
  ['a bare LF in a POP3 command', 'pop3', 'NOOP\nSTAT\r\n'],
];

/** Violations, and sessions that were ended because of one. */
async function counted(gateway: Gateway): Promise<number> {
  const injections = gateway.metric('postern_gateway_sessions_closed_total', 'reason="starttls-injection"');
  return (await gateway.metric('postern_gateway_bad_input_total')) + (await injections);
}

/** Everything until the connection ends; a session that only got an error is ended by its client. */
async function answersUntilClose(wire: Wire): Promise<string> {
  const lines: string[] = [];
  try {
    for (;;) {
      const line = await wire.line();
      lines.push(line);
      if (/^(a BAD|\* BAD|a NO|-ERR)/.test(line)) {
        break;
      }
    }
  } catch {
    assert.ok(wire.isClosed, `neither closed nor refused: ${lines.join(' | ')}`);
  }
  wire.destroy();
  return lines.join('\n');
}

describe('bad input on the running product', () => {
  const cleanup = new Cleanup();
  const mail = realisticMail({ count: 5, totalBytes: 200_000 });
  let gateway: Gateway;
  let imap: ImapReader;
  let pop3: Pop3Reader;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, mail);
    await dovecot.deliverAll(BYSTANDER, mail);
    gateway = cleanup.owns(await Gateway.start(dovecot));
    imap = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), BYSTANDER);
    pop3 = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), BYSTANDER);
  });
  after(() => cleanup.run());

  async function assertOthersLive(): Promise<void> {
    gateway.assertRunning();
    await imap.ok('NOOP');
    await pop3.ok('NOOP');
  }

  for (const [what, protocol, bytes] of ATTACKS) {
    it(`${what}: no answer to the smuggled part, counted, and nobody else notices`, async () => {
      const before = await counted(gateway);
      const endpoint: Endpoint =
        protocol === 'imap' ? imapEndpoint(gateway, 'clear') : pop3Endpoint(gateway, 'clear');
      const wire = await Wire.open(endpoint);
      wire.readTimeoutMs = CLOSE_TIMEOUT_MS;
      await wire.line();
      wire.send(Buffer.from(bytes, 'latin1'));
      const answers = await answersUntilClose(wire);
      assert.ok(!/^b OK|^\+OK \d|Logged in/m.test(answers), `answered: ${answers}`);
      // a session is counted when its end is settled, which its client may see earlier
      await eventually('counted', CLOSE_TIMEOUT_MS, async () =>
        (await counted(gateway)) > before ? true : undefined,
      );
      await assertOthersLive();
    });
  }

  it('mail is delivered as ever afterwards', async () => {
    const messages = await imap.fetchAll();
    assert.deepEqual(
      [...messages.values()],
      mail.map(({ bytes }) => bytes),
    );
    await imap.logout();
    await pop3.quit();
  });
});
