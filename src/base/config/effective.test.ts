import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { effectiveSettings, withoutOrigins } from './effective.ts';
import type { Environment } from './environment.ts';
import { CONFIG_JSON_SCHEMA, CONFIG_KEYS } from './keys.ts';
import { parseWithOrigins } from './load.ts';
import { configSchema } from './schema.ts';

function settings(text: string, env: Environment = {}) {
  const loaded = parseWithOrigins({ name: 'gateway.yaml', text }, { env, checkFiles: false });
  return new Map(effectiveSettings(loaded).map((setting) => [setting.key, setting]));
}

const MINIMAL = 'upstream: { host: mail.example.org }\n';

describe('effective settings', () => {
  it('say of each value where it comes from: default, place in the file, variable', () => {
    const all = settings(`${MINIMAL}limits:\n  keepAliveMs: 4000\nmode: monitor\n`, {
      POSTERN_MODE: 'protect',
    });
    assert.deepEqual(all.get('limits.keepAliveMs')?.origin, { kind: 'file', where: 'gateway.yaml:3:3' });
    assert.equal(all.get('limits.keepAliveMs')?.value, '4000');
    assert.equal(all.get('limits.keepAliveMs')?.defaultValue, '5000');
    assert.deepEqual(all.get('mode')?.origin, { kind: 'environment', where: 'POSTERN_MODE' });
    assert.equal(all.get('mode')?.value, 'protect');
    assert.deepEqual(all.get('limits.maxConnections')?.origin, { kind: 'default', where: '' });
    assert.deepEqual(all.get('upstream.host')?.origin, { kind: 'file', where: 'gateway.yaml:1:13' });
  });

  it('name every key of the schema, also those that are not set', () => {
    const all = settings(MINIMAL);
    for (const { path } of CONFIG_KEYS) assert.ok(all.has(path.join('.')), path.join('.'));
    assert.equal(all.get('admin.tlsCert')?.value, null);
    assert.ok((all.get('admin.tlsCert')?.description ?? '').length > 10);
  });

  it('take lists of sections apart, each value with its own line', () => {
    const all = settings(
      `${MINIMAL}listeners:\n  - { protocol: imap, port: 1143 }\n  - protocol: pop3\n    port: 1110\n`,
    );
    assert.equal(all.get('listeners[1].port')?.value, '1110');
    assert.deepEqual(all.get('listeners[1].port')?.origin, { kind: 'file', where: 'gateway.yaml:5:5' });
    assert.deepEqual(all.get('listeners[1].address')?.origin, { kind: 'default', where: '' });
    assert.ok(!all.has('listeners'));
  });

  it('show no secret: not from the file, not from the environment, not in an address', () => {
    const webhooks = [
      {
        name: 'chat',
        url: 'https://hooks.example.org/services/TTOPSECRET',
        format: 'slack',
        secret: 'TTOPSECRET',
      },
    ];
    const text = `${MINIMAL}notifications:\n  webhooks: ${JSON.stringify(webhooks)}\n  smtp: { password: TTOPSECRET }
ruleSources: [{ name: a, url: "https://u:TTOPSECRET@rules.example.org/a.yar?key=TTOPSECRET", sha256: ${'a'.repeat(64)} }]
quarantine: { s3: { endpoint: "https://s3.example.org", bucket: postern, accessKeyId: a, secretAccessKey: TTOPSECRET } }\n`;
    const all = settings(text, { POSTERN_ADMIN_TOKEN: 'TTOPSECRET-of-the-environment' });
    assert.ok(!JSON.stringify([...all]).includes('TTOPSECRET'));
    assert.equal(all.get('admin.token')?.value, '(set, not shown)');
    assert.equal(all.get('notifications.webhooks[0].url')?.value, 'https://hooks.example.org/…');
    assert.equal(all.get('ruleSources[0].url')?.value, 'https://…@rules.example.org/a.yar?…');
  });

  it('mask every key of the schema that is named like a secret and is no file', () => {
    assert.deepEqual(secretNames(), ['password', 'secret', 'secretAccessKey', 'token']);
  });

  it('say of a configuration without a file what is not the default', () => {
    const config = configSchema.parse({ upstream: { host: 'a' }, mode: 'monitor' });
    const all = new Map(effectiveSettings(withoutOrigins(config)).map((setting) => [setting.key, setting]));
    assert.equal(all.get('mode')?.origin.kind, 'program');
    assert.equal(all.get('protection')?.origin.kind, 'default');
  });
});

/** Names of keys, also in the entries of lists, that sound like something nobody may see. */
function secretNames(): string[] {
  const names = [...JSON.stringify(CONFIG_JSON_SCHEMA).matchAll(/"(\w+)":\{/gu)].map(([, name = '']) => name);
  const sounds = names.filter((name) => /token|password|passphrase|secret|credential/iu.test(name));
  return [...new Set(sounds.filter((name) => !name.endsWith('File')))].sort();
}
