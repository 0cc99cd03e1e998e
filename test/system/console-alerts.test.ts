import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { infectedMail } from '../corpus/infected-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint } from './harness/mail-server.ts';
import { Cleanup } from './harness/scratch.ts';

const SECRET = 'a secret for the receiver';
const FETCHES = 50;

const bodySchema = z.object({
  alerts: z.array(z.object({ sha256: z.string(), fetches: z.int(), severity: z.string() })),
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Takes every POST on loopback. */
async function receiver(got: Received[]): Promise<Server> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('alerts of the running product', () => {
  const cleanup = new Cleanup();
  const [mail] = infectedMail();
  const bytes = mail?.bytes ?? Buffer.alloc(0);
  const got: Received[] = [];
  let gateway: Gateway;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliver('u1', bytes);
    const server = await receiver(got);
    cleanup.add(() => server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const webhooks = [{ name: 'siem', url: `http://127.0.0.1:${port}/`, secret: SECRET }];
    gateway = await Gateway.start(dovecot, {
      env: {
        POSTERN_NOTIFICATIONS_WEBHOOKS: JSON.stringify(webhooks),
        // Longer than the test: what was collected is sent when the gateway stops.
        POSTERN_NOTIFICATIONS_INTERVAL_MS: '3600000',
      },
    });
    cleanup.owns(gateway);
  });
  after(() => cleanup.run());

  it(`sends one signed alert for ${FETCHES} fetches of one infected message`, async () => {
    for (let i = 0; i < FETCHES; i += 1) {
      const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), 'u1');
      await reader.fetchAll();
      await reader.logout();
    }
    assert.equal(await gateway.stop(), 0);
    assert.equal(got.length, 1);
    const [{ headers, body } = { headers: {}, body: '' }] = got;
    const signed = `${String(headers['x-postern-timestamp'])}.${body}`;
    const expected = createHmac('sha256', SECRET).update(signed).digest('hex');
    assert.equal(headers['x-postern-signature'], `v1=${expected}`);
    const { alerts } = bodySchema.parse(JSON.parse(body));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(
      alerts.map((alert) => [alert.sha256, alert.fetches]),
      [[sha256, FETCHES]],
    );
  });
});
