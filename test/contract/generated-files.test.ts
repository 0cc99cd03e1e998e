import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { CONFIG_KEYS } from '../../src/base/config/keys.ts';
import { parseConfig } from '../../src/base/config/load.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import { generatedFiles } from '../../tools/generate.ts';

const FILES = await generatedFiles();

describe('generated files', () => {
  it('there are some', () => {
    assert.ok(FILES.size >= 3);
  });
  for (const [path, text] of FILES) {
    it(`${path} is fresh (else: npm run generate)`, () => {
      assert.equal(readFileSync(path, 'utf8'), text);
    });
  }
});

describe('config/gateway.yaml', () => {
  const text = readFileSync('config/gateway.yaml', 'utf8');

  it('loads, and holds nothing but the defaults', () => {
    const config = parseConfig({ name: 'config/gateway.yaml', text }, { env: {}, checkFiles: false });
    assert.deepEqual(config, configSchema.parse({ upstream: { host: 'mail.example.org' } }));
  });

  it('names every key, and the optional ones are valid when their # is removed', () => {
    const all = text
      .replaceAll(/^( *)#(?=[a-zA-Z]| {2}- )/gmu, '$1')
      .replace('\npolicies: []\n', '\npolicies: [{ name: lab }]\n'); // what `upstream.policy: lab` refers to
    parseConfig({ name: 'all keys', text: all }, { env: {}, checkFiles: false });
    const written: unknown = parse(all);
    const missing = CONFIG_KEYS.filter(({ path }) => {
      let value = written;
      for (const step of path) {
        value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
      }
      return value === undefined;
    });
    assert.deepEqual(missing, []);
  });
});
