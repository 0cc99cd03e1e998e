import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { CONFIG_KEYS } from '../../src/base/config/keys.ts';

it('every key of the configuration is read somewhere in the product', () => {
  const files = globSync('src/**/*.ts').filter(
    (file) => !/\.test\.ts$|^src\/base\/config\/|^src\/cli\/demo\//u.test(file),
  );
  const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const unread = CONFIG_KEYS.map(({ path }) => path)
    .filter((path) => !new RegExp(`\\b${path.at(-1)}\\b`, 'u').test(source))
    .map((path) => path.join('.'));
  assert.deepEqual(unread, []);
});
