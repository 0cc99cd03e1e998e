import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { text } from 'node:stream/consumers';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { findingOf, judgedMessage } from '../../test/support/judged-message.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import type { Clock } from '../base/clock.ts';
import { type NotificationsConfig, notificationsSchema } from '../base/config/notifications-schema.ts';
import { GatewayError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { openNotifier } from './open-notifier.ts';
import { SmtpChannel } from './smtp-channel.ts';
import { WebhookChannel } from './webhook-channel.ts';

const closing: (() => Promise<unknown> | void)[] = [];
after(async () => {
  for (const close of closing) await close();
});

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Takes POSTs on loopback; each is answered with the next status. */
async function receiver(statuses: readonly number[] = []) {
  const got: Received[] = [];
  const waiting: (() => void)[] = [];
  const left = [...statuses];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push({ headers: request.headers, body });
      const status = left.shift() ?? 204;
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
      waiting.splice(0).forEach((wake) => wake());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => void (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  const arrived = async (count: number) => {
    while (got.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return got;
  };
  return { url: `http://127.0.0.1:${port}/hook`, got, arrived };
}

const batch = {
  id: 'id-1',
  unlisted: 0,
  alerts: [
    {
      sha256: 'a'.repeat(64),
      severity: 'high',
      verdict: 'malicious',
      cause: '',
      rules: ['starter/<!channel> *x* [l](http://e)'],
      firstAt: '2026-01-01T00:00:00.000Z',
      lastAt: '2026-01-01T00:00:00.000Z',
      fetches: 1,
      actions: { neutralise: 1 },
      users: ['ann'],
      moreUsers: false,
      protocols: ['imap'],
      scanId: 's',
      generation: 'g',
    },
  ],
} as const;

function configOf(part: Partial<Record<keyof NotificationsConfig, unknown>>): NotificationsConfig {
  return notificationsSchema.parse(part);
}

const refused = (error: unknown): boolean => error instanceof GatewayError && error.code === 'CONFIG_INVALID';

const channelTo = (url: string, format: 'json' | 'slack' | 'teams' = 'json') => {
  const channel = new WebhookChannel({ name: 'a', url, format, secret: undefined, clock: new FakeClock() });
  closing.push(() => channel.close());
  return channel;
};

async function mailServer(refuse = false) {
  const got: { readonly from: string; readonly to: readonly string[]; readonly raw: string }[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, callback) => {
      callback(refuse ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null);
    },
    onData: (stream, session, callback) => {
      void text(stream).then((raw) => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        got.push({ from, to: rcptTo.map(({ address }) => address), raw });
        callback(); // oxlint-disable-line promise/no-callback-in-promise -- how smtp-server is told
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  const { port } = server.server.address() as AddressInfo;
  return { port, got };
}

describe('the notifier', () => {
  it('sends one signed alert for fifty fetches of one infected message', async () => {
    const { url, got, arrived } = await receiver();
    const clock = new FakeClock();
    const config = configOf({ webhooks: [{ name: 'siem', url, secret: 'k' }] });
    const notifier = openNotifier(config, clock, new RecordingLog());
    for (let i = 0; i < 50; i += 1) notifier.record(judgedMessage({ user: `user${i}` }));
    clock.advance(config.intervalMs);
    await arrived(1);
    clock.advance(config.intervalMs * 10);
    await notifier.close(5_000);
    assert.equal(got.length, 1);
    const [first] = got;
    const { 'x-postern-timestamp': timestamp, 'x-postern-signature': signature } = first?.headers ?? {};
    const expected = createHmac('sha256', 'k')
      .update(`${String(timestamp)}.${first?.body}`)
      .digest('hex');
    assert.equal(signature, `v1=${expected}`);
    assert.equal(timestamp, String(Math.floor(clock.now() / 1_000) - (config.intervalMs * 10) / 1_000));
    const { alerts } = JSON.parse(first?.body ?? '');
    assert.equal(alerts.length, 1);
    assert.deepEqual([alerts[0].fetches, alerts[0].severity], [50, 'high']);
  });

  it('sends what it collected before it ends, and nothing of clean mail', async () => {
    const { url, got } = await receiver();
    const config = configOf({ webhooks: [{ name: 'a', url }] });
    const notifier = openNotifier(config, new FakeClock(), new RecordingLog());
    notifier.record(judgedMessage({ verdict: { kind: 'clean' } }));
    notifier.record(judgedMessage());
    await notifier.close(5_000);
    assert.equal(got.length, 1);
    assert.equal(got[0]?.headers['x-postern-signature'], undefined, 'no secret, no signature');
  });

  it('never throws at who judges, and schedules nothing when nobody wants to know', () => {
    const clock = new FakeClock();
    const nobody = openNotifier(configOf({}), clock, new RecordingLog());
    nobody.record(judgedMessage());
    assert.equal(clock.pendingTimers, 0);
    const log = new RecordingLog();
    const config = configOf({ webhooks: [{ name: 'a', url: 'http://127.0.0.1:9/' }] });
    const broken: Clock = {
      now: () => assert.fail('no clock'),
      monotonic: () => 0,
      after: () => () => undefined,
    };
    openNotifier(config, broken, log).record(judgedMessage());
    assert.deepEqual(log.messages(), ['an alert could not be made']);
  });

  it('reads secrets from files, and says which cannot be read without saying what is in them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-notify-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'secret');
    writeFileSync(file, 'k\n');
    const hook = { name: 'a', url: 'http://127.0.0.1:9/' };
    const open = (part: object) =>
      openNotifier(configOf({ webhooks: [{ ...hook, ...part }] }), new FakeClock(), new RecordingLog());
    open({ secretFile: file });
    assert.throws(() => open({ secretFile: join(folder, 'none') }), refused);
    assert.throws(() => open({ secretFile: file, secret: 'k' }), refused);
    const smtp = configOf({ smtp: { server: 'localhost' } });
    assert.throws(() => openNotifier(smtp, new FakeClock(), new RecordingLog()), refused);
  });
});

describe('a webhook', () => {
  it('is tried again after 503, 429 and silence, and not after 400 or a redirect', async () => {
    const { url, got } = await receiver([503, 429, 400, 302]);
    const channel = channelTo(url);
    for (const retryable of [true, true, false, false]) {
      await assert.rejects(channel.send(batch), { name: 'DeliveryFailed', retryable });
    }
    assert.equal(got.length, 4, 'no redirect was followed');
    await assert.rejects(channelTo('http://127.0.0.1:1/secret-token').send(batch), (error: Error) => {
      assert.ok(!error.message.includes('secret-token'));
      return Reflect.get(error, 'retryable') === true;
    });
  });

  it('has bodies for Slack and Teams in which no name is markup', async () => {
    const { url, arrived } = await receiver();
    await channelTo(url, 'slack').send(batch);
    await channelTo(url, 'teams').send(batch);
    const [slack, teams] = (await arrived(2)).map(({ body }) => JSON.parse(body));
    assert.ok(slack.text.includes('&lt;!channel&gt;'));
    for (const block of slack.blocks) assert.equal(block.text.type, 'plain_text');
    const [{ contentType, content }] = teams.attachments;
    assert.equal(contentType, 'application/vnd.microsoft.card.adaptive');
    for (const block of content.body) assert.equal(block.type, 'RichTextBlock');
  });
});

describe('mail', () => {
  it('goes to the administrators only, marked as automatic, with hostile names as text', async () => {
    const { port, got } = await mailServer();
    const config = configOf({
      minSeverity: 'low',
      smtp: { server: '127.0.0.1', port, tls: 'off', from: 'gw@example.org', to: ['root@example.org'] },
    });
    const notifier = openNotifier(config, new FakeClock(), new RecordingLog());
    const verdict = {
      kind: 'malicious',
      findings: [findingOf({ rule: 'x\r\nBcc: victim@example.net' })],
    } as const;
    notifier.record(judgedMessage({ verdict, user: 'sender@example.com' }));
    await notifier.close(10_000);
    assert.deepEqual(
      got.map(({ from, to }) => [from, to]),
      [['gw@example.org', ['root@example.org']]],
    );
    const mail = await simpleParser(got[0]?.raw ?? '');
    assert.equal(mail.headers.get('auto-submitted'), 'auto-generated');
    assert.equal(mail.bcc, undefined);
    assert.match(mail.subject ?? '', /fetched once/u);
    assert.match(mail.text ?? '', /sender@example\.com/u);
  });

  it('is not tried again after a final reply, and never sent in clear when TLS is required', async () => {
    const smtp = { user: undefined, password: undefined, from: 'gw@example.org', to: ['root@example.org'] };
    const refusing = await mailServer(true);
    const clear = new SmtpChannel({ ...smtp, server: '127.0.0.1', port: refusing.port, tls: 'off' });
    await assert.rejects(clear.send(batch), { name: 'DeliveryFailed', retryable: false });
    const { port, got } = await mailServer();
    const password = new Secret('hidden-password');
    const strict = new SmtpChannel({
      ...smtp,
      user: 'u',
      password,
      server: '127.0.0.1',
      port,
      tls: 'starttls',
    });
    await assert.rejects(strict.send(batch), (error: Error) => {
      assert.ok(!error.message.includes('hidden-password'));
      return error.name === 'DeliveryFailed';
    });
    assert.equal(got.length, 0);
    closing.push(
      () => clear.close(),
      () => strict.close(),
    );
  });
});
