import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { run } from './harness/program.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';

const IMAP_USER = 'u1';
const POP3_USER = 'u2';
const LAST_USER = 'u3';

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('the quarantine of the running product', () => {
  const cleanup = new Cleanup();
  const infected = infectedMail();
  const clean = realisticMail({ count: 5, totalBytes: 300_000 });
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(IMAP_USER, [...infected, ...clean]);
    await dovecot.deliverAll(POP3_USER, infected);
    gateway = cleanup.owns(await Gateway.start(dovecot));
  });
  after(() => cleanup.run());

  async function listed(): Promise<string[]> {
    const result = await gateway.quarantine('list', '--json');
    assert.equal(result.code, 0, result.transcript);
    const lines = result.stdout.toString().trim().split('\n');
    return lines.filter((line) => line !== '').map((line) => String(JSON.parse(line).id));
  }

  it('lists nothing before anything infected was read', async () => {
    const result = await gateway.quarantine('list', '--json');
    assert.equal(result.stdout.length, 0, result.transcript);
  });

  it('holds every original byte-identical, and nothing clean, once its substitute has left', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), IMAP_USER);
    await reader.fetchAll();
    await reader.logout();
    const ids = await listed();
    assert.deepEqual(ids.sort(), infected.map(({ bytes }) => sha256(bytes)).sort());
    for (const { bytes } of infected) {
      const exported = await gateway.quarantine('export', sha256(bytes), '--output', '-');
      assert.ok(exported.stdout.equals(bytes), exported.transcript.slice(0, 300));
    }
  });

  it('holds no plain text of them on disk', async () => {
    const files = (await gateway.quarantineFiles()).filter((file) => file.endsWith('.sealed'));
    assert.equal(files.length, infected.length);
    for (const file of files) {
      const raw = await readFile(file, 'latin1');
      for (const word of ['Subject:', 'Content-Type:', 'MIME-Version']) assert.ok(!raw.includes(word), file);
    }
    for (const file of (await gateway.quarantineFiles()).filter((name) => name.includes('index.db'))) {
      const raw = (await readFile(file, 'latin1')).toLowerCase();
      for (const word of ['invoice infected', 'attacker@example.org']) assert.ok(!raw.includes(word), file);
    }
  });

  it('exports a zip that unzip and 7-Zip open with the password, and not without', async () => {
    const [first] = infected;
    assert.ok(first !== undefined);
    const id = sha256(first.bytes);
    const folder = await scratchFolder('zip');
    const zip = join(folder, 'original.zip');
    const exported = await gateway.quarantine('export', id, '--zip', '--output', zip);
    assert.equal(exported.code, 0, exported.transcript);
    const unzipped = await run('unzip', ['-p', '-P', 'infected', zip]);
    assert.ok(unzipped.stdout.equals(first.bytes), unzipped.transcript.slice(0, 300));
    const opened = await run('7z', ['x', '-so', '-pinfected', zip]);
    assert.ok(opened.stdout.equals(first.bytes), opened.transcript.slice(0, 300));
    assert.notEqual((await run('unzip', ['-p', '-P', 'wrong', zip])).code, 0);
    await removeFolder(folder);
  });

  it('keeps one object for a message that others read too, over another protocol', async () => {
    const reader = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), POP3_USER);
    for (const number of infected.keys()) {
      await reader.retr(number + 1);
      await reader.ok(`DELE ${number + 1}`);
    }
    await reader.quit();
    assert.equal(await dovecot.count(POP3_USER), 0, 'the client deleted what it had read');
    assert.equal((await listed()).length, infected.length);
  });

  it('has the original on disk when the first byte of the substitute arrives, even if the product dies then', async () => {
    const [template] = infected;
    const fresh = Buffer.from(
      (template?.bytes ?? Buffer.alloc(0)).toString('latin1').replace('Hello', 'Salut'),
    );
    await dovecot.deliver(LAST_USER, fresh);
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), LAST_USER);
    reader.send('FETCH 1 (BODY.PEEK[])');
    assert.match(await reader.wire.line(), /^\* 1 FETCH/);
    await reader.wire.exactly(fresh.length);
    process.kill(gateway.pid, 'SIGKILL');
    await reader.wire.closed();
    const exported = await gateway.quarantine('export', sha256(fresh), '--output', '-');
    assert.ok(exported.stdout.equals(fresh), 'the original is not in the quarantine');
  });
});
