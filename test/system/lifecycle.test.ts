import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { faultyMail } from '../corpus/fault-mail.ts';
import { infectedMail, markerBytes } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway, type GatewayOptions } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, type MailPorts, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';
import { freePorts } from './harness/free-ports.ts';
import { Wire } from './harness/wire.ts';

const USER = 'u1';
const SLOW_USER = 'u2';

describe('one product through its modes and its end', () => {
  const cleanup = new Cleanup();
  const infected = infectedMail();
  const all = [...infected, ...realisticMail({ count: 8, totalBytes: 400_000 })];
  let dovecot: Dovecot;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, all);
  });
  after(() => cleanup.run());

  /** Starts a gateway for one test and always stops it. Returns its exit code. */
  async function withGateway(
    options: GatewayOptions,
    act: (gateway: Gateway) => Promise<void>,
    upstream: { readonly ports: MailPorts } = dovecot,
  ): Promise<number> {
    const gateway = await Gateway.start({ ports: upstream.ports, certificate: dovecot.certificate }, options);
    try {
      await act(gateway);
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway.stop();
  }

  async function readOverBoth(gateway: Gateway): Promise<Buffer[][]> {
    const imap = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    const overImap = [...(await imap.fetchAll()).values()];
    await imap.logout();
    const pop3 = await Pop3Reader.login(pop3Endpoint(gateway, 'tls'), USER);
    const overPop3: Buffer[] = [];
    for (const number of all.keys()) {
      overPop3.push(await pop3.retr(number + 1));
    }
    await pop3.quit();
    return [overImap, overPop3];
  }

  it('monitor mode delivers everything unchanged and counts what it found', async () => {
    await withGateway({ mode: 'monitor' }, async (gateway) => {
      for (const received of await readOverBoth(gateway)) {
        assert.deepEqual(
          received,
          all.map(({ bytes }) => bytes),
        );
      }
      const found = await gateway.metric(
        'postern_scan_messages_total',
        'verdict="malicious"',
        'action="deliver"',
      );
      assert.equal(found, infected.length * 2);
    });
  });

  it('with protection off everything passes unchanged, and the unscanned bytes are counted', async () => {
    await withGateway({ protection: false }, async (gateway) => {
      for (const received of await readOverBoth(gateway)) {
        assert.deepEqual(
          received,
          all.map(({ bytes }) => bytes),
        );
      }
      const bytes = all.reduce((sum, message) => sum + message.bytes.length, 0);
      assert.ok((await gateway.metric('postern_unscanned_bytes_total')) >= bytes * 2);
    });
  });

  it('SIGTERM ends it with 0 while clients are connected, and they are told', async () => {
    let idle: ImapReader | undefined;
    const code = await withGateway({}, async (gateway) => {
      idle = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    });
    assert.equal(code, 0);
    assert.match(await (idle?.wire.line() ?? ''), /^\* BYE/);
  });

  it('SIGTERM waits for a message that is being scanned', async () => {
    const slow = faultyMail('slow-at-the-end', 'delay=2000');
    await dovecot.deliver(SLOW_USER, slow.bytes);
    const options = { env: { POSTERN_SCAN_FAULTS: '1' } };
    let received: Promise<Map<number, Buffer>> | undefined;
    const code = await withGateway(options, async (gateway) => {
      const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), SLOW_USER);
      received = reader.fetchAll();
      received.catch(() => undefined);
      while ((await gateway.metric('postern_gateway_messages_held')) === 0) {
        gateway.assertRunning();
      }
    });
    assert.equal(code, 0);
    assert.deepEqual((await received)?.get(1), slow.bytes);
  });

  it('an upstream that is away is told to the client in its protocol, and its return is noticed', async () => {
    const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0] = await freePorts(4);
    const nowhere = { ports: { imap, imaps, pop3, pop3s } };
    await withGateway(
      {},
      async (gateway) => {
        const overImap = await Wire.open(imapEndpoint(gateway, 'clear'));
        assert.match(await overImap.line(), /^\* BYE/);
        await overImap.closed();
        const overPop3 = await Wire.open(pop3Endpoint(gateway, 'tls'));
        assert.match(await overPop3.line(), /^-ERR/);
        await overPop3.closed();
        assert.ok((await gateway.metric('postern_upstream_errors_total')) >= 2);
      },
      nowhere,
    );
  });

  it('upstream over implicit TLS and over STARTTLS delivers the same', async () => {
    for (const mode of ['implicit', 'starttls']) {
      const upstream = mode === 'implicit' ? tlsOnly(dovecot.ports) : dovecot;
      await withGateway(
        { upstreamTls: { mode, verify: true, ca: dovecot.certificate.cert, serverName: 'localhost' } },
        async (gateway) => {
          const imap = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
          const received = [...(await imap.fetchAll()).values()];
          await imap.logout();
          assert.equal(received.length, all.length);
          for (const [index, { bytes }] of all.entries()) {
            assert.equal(received[index]?.length, bytes.length);
            assert.equal(markerBytes(received[index] ?? Buffer.alloc(0)), 0);
          }
        },
        upstream,
      );
    }
  });
});

/** `mode: implicit` speaks TLS on every port, so the clear-text protocols are sent to the TLS ports. */
function tlsOnly(ports: MailPorts): { readonly ports: MailPorts } {
  return { ports: { imap: ports.imaps, imaps: ports.imaps, pop3: ports.pop3s, pop3s: ports.pop3s } };
}
