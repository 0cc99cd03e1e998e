import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ImapFlow } from 'imapflow';
import { eicar } from '../corpus/eicar.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, PASSWORD, pop3Endpoint, SECURITIES } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';

const cleanup = new Cleanup();
after(() => cleanup.run());

interface Scene {
  readonly gateway: Gateway;
  readonly org: Dovecot;
  readonly net: Dovecot;
}
let scene: Scene | undefined;

function message(subject: string): Buffer {
  const head = `From: a@example.com\r\nSubject: ${subject}\r\nContent-Type: text/plain\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), eicar(), Buffer.from('\r\n')]);
}

async function server(domain: string): Promise<Dovecot> {
  const dovecot = await Dovecot.start({ domain });
  cleanup.add(() => dovecot.stop());
  await dovecot.deliver('u1', message(`mail at ${domain}`));
  return dovecot;
}

before(async () => {
  const [org, net] = [await server('example.org'), await server('mail.example.net')];
  const gateway = await Gateway.start(org, {
    listener: { route: 'login-domain' },
    upstreams: [
      {
        name: 'net',
        host: '127.0.0.1',
        ports: net.ports,
        tls: { verify: false },
        domains: ['*.example.net'],
      },
    ],
  });
  cleanup.add(() => gateway.stop());
  scene = { gateway, org, net };
});

function ready(): Scene {
  assert.ok(scene !== undefined);
  return scene;
}

describe('two Dovecots behind one name, chosen by the domain of the login', () => {
  for (const domain of ['example.org', 'mail.example.net']) {
    for (const security of SECURITIES) {
      it(`serve u1@${domain} over IMAP (${security}), scanned`, async () => {
        const { gateway } = ready();
        const reader = await ImapReader.inbox(imapEndpoint(gateway, security), `u1@${domain}`);
        const { untagged } = await reader.command('FETCH 1 BODY.PEEK[]');
        const content = untagged.flatMap(({ literals }) => literals).toString();
        assert.ok(content.includes(`mail at ${domain}`), content);
        assert.ok(!content.includes(eicar().toString()));
        await reader.command('LOGOUT');
      });

      it(`serve u1@${domain} over POP3 (${security}), scanned`, async () => {
        const { gateway } = ready();
        const reader = await Pop3Reader.login(pop3Endpoint(gateway, security), `u1@${domain}`);
        await reader.ok('RETR 1');
        const content = (await reader.body()).toString();
        assert.ok(content.includes(`mail at ${domain}`), content);
        assert.ok(!content.includes(eicar().toString()));
        await reader.ok('QUIT');
      });
    }
  }

  it('let a program in that authenticates as it likes, and give it what its server offers', async () => {
    const { gateway } = ready();
    for (const domain of ['example.org', 'mail.example.net']) {
      const client = new ImapFlow({
        host: '127.0.0.1',
        port: gateway.ports.imaps,
        secure: true,
        tls: { rejectUnauthorized: false },
        auth: { user: `u1@${domain}`, pass: PASSWORD },
        logger: false,
      });
      await client.connect();
      assert.ok(client.capabilities.has('IDLE'));
      const lock = await client.getMailboxLock('INBOX');
      const found = await client.fetchOne('1', { envelope: true });
      const subject = found === false ? undefined : found?.envelope?.subject;
      assert.equal(subject, `mail at ${domain}`);
      lock.release();
      await client.logout();
    }
  });

  it('refuse a wrong password in their own words, and another domain may be tried next', async () => {
    const { gateway } = ready();
    const reader = await ImapReader.connect(imapEndpoint(gateway, 'tls'));
    const refused = await reader.command('LOGIN u1@mail.example.net wrong');
    assert.match(refused.tagged, /^NO \[AUTHENTICATIONFAILED\]/);
    const accepted = await reader.command(`LOGIN u1@example.org ${PASSWORD}`);
    assert.match(accepted.tagged, /^OK /);
    await reader.command('LOGOUT');
  });
});
