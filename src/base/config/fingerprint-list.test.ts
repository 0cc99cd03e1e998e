import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseFingerprintList } from './fingerprint-list.ts';

const [ONE, TWO] = ['0a'.repeat(32), 'ff'.repeat(32)];

it('reads fingerprints as people and programs write them', () => {
  const text = `# ours\n${ONE}\r\n\nSHA256 Fingerprint=${'FF:'.repeat(31)}FF # the old one\n${ONE}`;
  assert.deepEqual(parseFingerprintList(text), { prints: new Set([ONE, TWO]) });
  assert.deepEqual(parseFingerprintList(''), { prints: new Set() });
});

it('names the first line that is none', () => {
  for (const bad of ['ab', `${ONE}0`, ONE.slice(1), `${ONE} ${TWO}`, 'serial 17', `x${ONE.slice(1)}`]) {
    assert.deepEqual(parseFingerprintList(`${ONE}\n${bad}\n`), { badLine: 2, text: bad.slice(0, 80) }, bad);
  }
});
