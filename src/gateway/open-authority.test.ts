import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { tlsFilterSchema } from '../base/config/tls-filter-schema.ts';
import { Secret } from '../base/secret.ts';
import { AuthorityReload, configuredAuthority } from './open-authority.ts';
import { activateNextRoot, exportedRoots, initAuthority, stageNextRoot } from './tls/authority-file.ts';

const PASSPHRASE = 'passphrase of a test';

it('another root is used when it is active, and the old one stays in what clients are given', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-authority-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const ca = join(folder, 'ca');
  const env = { POSTERN_CA_PASSPHRASE: PASSPHRASE };
  const settings = tlsFilterSchema.parse({ ca });
  initAuthority(ca, new Secret(PASSPHRASE));
  const first = configuredAuthority(settings, env);
  const reload = new AuthorityReload(settings, env, first);
  assert.equal(reload.changed(), undefined);
  const staged = stageNextRoot(ca, new Secret(PASSPHRASE));
  assert.equal(reload.changed(), undefined, 'it only waits');
  activateNextRoot(ca);
  const blind = new AuthorityReload(settings, { POSTERN_CA_PASSPHRASE: 'another passphrase' }, first);
  assert.throws(() => blind.changed(), /wrong passphrase/);
  assert.throws(() => blind.changed(), /wrong passphrase/, 'it stays said');
  const next = reload.changed();
  assert.equal(next?.certificate.fingerprint256, staged.fingerprint256);
  assert.equal(reload.changed(), undefined);
  assert.deepEqual(exportedRoots(ca, Date.now()), [next?.pem, first?.pem]);
});

it('there is nothing to change without an authority', () => {
  assert.equal(new AuthorityReload(tlsFilterSchema.parse({}), {}, undefined).changed(), undefined);
});
