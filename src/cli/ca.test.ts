import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Secret } from '../base/secret.ts';
import { openAuthority } from '../gateway/tls/authority-file.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

const PASSPHRASE = 'a long enough one';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-ca-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function ca(folder: string, args: readonly string[], passphrase = PASSPHRASE) {
  const io = new RecordedIo({ env: { POSTERN_CA_PASSPHRASE: passphrase } });
  const code = await runCli(['ca', ...args, '--path', join(folder, 'ca')], io, new ScriptedRoof());
  return { code, out: io.output, err: io.errors };
}

function rootsIn(pem: string): X509Certificate[] {
  return pem
    .split(/(?<=-----END CERTIFICATE-----\n)/)
    .filter((one) => one !== '')
    .map((one) => new X509Certificate(one));
}

describe('postern ca', () => {
  it('makes an authority whose key nobody can read without the passphrase', async (t) => {
    const folder = folderOf(t);
    assert.equal((await ca(folder, ['init'])).code, 0);
    const file = join(folder, 'ca', 'authority.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!readFileSync(file, 'utf8').includes('PRIVATE KEY'));
    assert.throws(
      () => openAuthority(join(folder, 'ca'), new Secret('another passphrase')),
      /wrong passphrase/,
    );
    const leaf = openAuthority(join(folder, 'ca'), new Secret(PASSPHRASE)).mint({ names: ['a.example'] });
    const [root] = rootsIn((await ca(folder, ['export'])).out);
    assert.ok(root?.ca);
    assert.ok(new X509Certificate(leaf.cert).verify(root.publicKey));
  });

  it('refuses a second authority in the same folder, and a passphrase of fewer than 12 characters', async (t) => {
    const folder = folderOf(t);
    const short = await ca(folder, ['init'], 'x'.repeat(11));
    assert.equal(short.code, 2);
    assert.match(short.err, /fewer than 12 characters/);
    assert.equal((await ca(folder, ['init'], 'x'.repeat(12))).code, 0);
    assert.match((await ca(folder, ['init'])).err, /already/);
  });

  it('takes the passphrase from a file', async (t) => {
    const folder = folderOf(t);
    const keyFile = join(folder, 'passphrase');
    writeFileSync(keyFile, `${PASSPHRASE}\n`);
    assert.equal((await ca(folder, ['init', '--key-file', keyFile], '')).code, 0);
    openAuthority(join(folder, 'ca'), new Secret(PASSPHRASE));
    assert.match((await ca(folder, ['rotate'], '')).err, /passphrase of the authority is missing/);
  });

  it('changes roots with overlap', async (t) => {
    const folder = folderOf(t);
    const names = async () => rootsIn((await ca(folder, ['export'])).out).map(({ subject }) => subject);
    await ca(folder, ['init']);
    const [first] = await names();
    assert.match((await ca(folder, ['rotate', '--finish'])).err, /no next root/);
    assert.equal((await ca(folder, ['rotate'])).code, 0);
    assert.match((await ca(folder, ['rotate'])).err, /waits already/);
    const [active, next] = await names();
    assert.equal(active, first);
    const signer = () => openAuthority(join(folder, 'ca'), new Secret(PASSPHRASE)).certificate.subject;
    assert.equal(signer(), first);
    assert.equal((await ca(folder, ['rotate', '--finish'])).code, 0);
    assert.deepEqual(await names(), [next, first]);
    assert.equal(signer(), next);
  });

  it('exports the active root as DER, and all of them as a profile of Apple', async (t) => {
    const folder = folderOf(t);
    await ca(folder, ['init']);
    const der = join(folder, 'root.der');
    assert.equal((await ca(folder, ['export', '--format', 'der', '-o', der])).code, 0);
    const root = new X509Certificate(readFileSync(der));
    const profile = (await ca(folder, ['export', '--format', 'mobileconfig'])).out;
    assert.ok(profile.includes(`<data>${root.raw.toString('base64')}</data>`));
    assert.match((await ca(folder, ['export', '--format', 'der', '-o', der])).err, /exist/i);
    assert.match((await ca(folder, ['export', '--format', 'p12'])).err, /there is no format "p12"/);
  });
});
