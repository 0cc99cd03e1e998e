import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createBootstrapPair } from '../../src/gateway/tls/bootstrap-certificate.ts';
import { eicar } from '../corpus/eicar.ts';
import { type Mailbox, readInbox, showMessage } from './clients/thunderbird/mailbox.ts';
import { Thunderbird } from './clients/thunderbird/thunderbird.ts';
import { Dovecot } from './harness/dovecot.ts';
import { PASSWORD } from './harness/mail-server.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';
import { Network } from './placement/network.ts';
import { startGateway } from './placement/transparent-gateway.ts';

const HOST = 'mail.test.example';
const ACCOUNT = { host: HOST, user: 'u1', password: PASSWORD };
const PORTS = { imap: 143, imaps: 993, pop3: 110, pop3s: 995 };
/** Above this size Thunderbird asks for the parts that it shows, one by one. */
const LARGE_BYTES = 60_000;
const CLEAN_WORDS = 'Nothing is wrong with this message.';

const cleanup = new Cleanup();
after(() => cleanup.run());

function withAttachment(subject: string, filler: string): Buffer {
  // room for the notice: a substitute is never longer than what it stands for
  const content = Buffer.concat([eicar(), Buffer.alloc(1_500, ' ')]);
  const attached = content.toString('base64').replaceAll(/.{76}/gu, '$&\n');
  const text = `From: ann@example.org
To: u1@${HOST}
Subject: ${subject}
Date: Sun, 22 Nov 2026 10:00:00 +0000
Message-ID: <${subject.replaceAll(' ', '-')}@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=us-ascii

The invoice is attached.
${filler}
--b
Content-Type: application/octet-stream; name=invoice.bin
Content-Disposition: attachment; filename=invoice.bin
Content-Transfer-Encoding: base64

${attached}
--b--
`;
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
}

function clean(): Buffer {
  const text = `From: ann@example.org\nSubject: clean\nDate: Sun, 22 Nov 2026 10:00:00 +0000\nMessage-ID: <clean@example.org>\n\n${CLEAN_WORDS}\n`;
  return Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
}

/** JSON is YAML. */
function configuration(folder: string): string {
  return JSON.stringify({
    upstream: { host: 'upstream.invalid', tls: { mode: 'off', ca: join(folder, 'server.pem') } },
    listeners: [{ protocol: 'auto', port: 10_143, transparent: true, interceptPorts: '110,143,993,995' }],
    tlsFilter: { ca: join(folder, 'ca') },
    rules: ['config/rules'],
    quarantine: { path: join(folder, 'quarantine') },
  });
}

/** Names are looked up in a file that only the network of the client has. */
async function nameServer(network: Network): Promise<void> {
  const folder = join('/etc/netns', network.client);
  await mkdir(folder, { recursive: true });
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  const lines = ['127.0.0.1 localhost', `${Network.addresses.server.v4} ${HOST}`];
  await writeFile(join(folder, 'hosts'), `${lines.join('\n')}\n`);
}

async function startServer(network: Network, folder: string): Promise<void> {
  const pair = createBootstrapPair([HOST]);
  const certificate = { cert: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  await writeFile(certificate.cert, pair.cert);
  await writeFile(certificate.key, pair.key);
  const enter = ['ip', ...network.inside('server', [])];
  const place = { enter, address: Network.addresses.server.v4, ports: PORTS, certificate };
  const server = await Dovecot.start({ place });
  cleanup.owns(server);
  await server.deliver('u1', clean());
  await server.deliver('u1', withAttachment('small', 'Regards'));
  await server.deliver('u1', withAttachment('large', 'Many words.\n'.repeat(LARGE_BYTES / 12)));
}

let network: Network;
let roots: string;

before(async () => {
  const folder = await scratchFolder('thunderbird-net');
  cleanup.add(() => removeFolder(folder));
  network = await Network.create();
  cleanup.add(() => network.remove());
  await nameServer(network);
  const config = join(folder, 'gateway.yaml');
  await writeFile(config, configuration(folder));
  await startServer(network, folder);
  await startGateway(network, folder, config, cleanup);
  roots = join(folder, 'roots.pem');
});

async function open(authority?: string): Promise<Thunderbird> {
  const enter = ['ip', ...network.inside('client', [])];
  return await Thunderbird.start({ enter, account: ACCOUNT, ...(authority && { authority }) });
}

/** Everything that the program keeps on disk, as one text. */
async function kept(profile: string): Promise<string> {
  const names = await readdir(profile, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return texts.join('\n');
}

function attachmentOf(text: string): string {
  const [, coded = ''] = /base64\r\n\r\n(.*?)\r\n--b/su.exec(text) ?? [];
  return Buffer.from(coded, 'base64').toString();
}

function assertNoMarker(text: string): void {
  const marker = eicar();
  assert.ok(!text.includes(marker.toString('latin1')), 'the marker');
  assert.ok(!text.includes(marker.toString('base64').slice(0, 40)), 'the marker in base64');
}

describe('Thunderbird behind the transparent gateway, over IMAPS', () => {
  describe('with our root certificate', () => {
    let program: Thunderbird;
    let mailbox: Mailbox;
    before(async () => {
      program = await open(roots);
      mailbox = await readInbox(program, ACCOUNT, 3);
    });
    after(() => program.stop());
    const textOf = (subject: string) => mailbox.messages.find((one) => one.subject === subject)?.text ?? '';

    it('reads the mailbox without an exception for a certificate', async () => {
      assert.equal(mailbox.status, 0);
      assert.deepEqual(mailbox.messages.map(({ subject }) => subject).sort(), ['clean', 'large', 'small']);
      const files = await readdir(program.profile);
      assert.ok(
        !files.includes('cert_override.txt') || !(await kept(program.profile)).includes(`${HOST}:993`),
      );
    });

    it('gets clean mail as it is', () => {
      assert.ok(textOf('clean').includes(CLEAN_WORDS), JSON.stringify(mailbox).slice(0, 600));
    });

    it('shows the notice in place of the attachment, and has no byte of it', async () => {
      for (const subject of ['small', 'large']) {
        assert.ok(textOf(subject).includes('The invoice is attached.'), subject);
        assert.match(attachmentOf(textOf(subject)), /Eicar_Test_File/u, subject);
        assertNoMarker(textOf(subject));
      }
      assertNoMarker(await kept(program.profile));
    });

    it('shows the same to the person in front of it', async () => {
      const shown = await showMessage(program, 'large');
      assert.ok(shown.includes('The invoice is attached.'), shown.slice(0, 200));
      assertNoMarker(shown);
      const folder = process.env['POSTERN_SCREENSHOTS'];
      if (folder !== undefined) {
        await writeFile(join(folder, 'thunderbird.png'), await program.control.screenshot());
      }
    });
  });

  it('gets nothing without our root certificate: it warns', async () => {
    const program = await open();
    try {
      const mailbox = await readInbox(program, ACCOUNT, 3);
      assert.notEqual(mailbox.status, 0);
      assert.deepEqual(mailbox.messages, []);
      assert.ok(!(await kept(program.profile)).includes(CLEAN_WORDS));
    } finally {
      await program.stop();
    }
  });
});
