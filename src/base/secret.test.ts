import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { it } from 'node:test';
import { Secret } from './secret.ts';

it('a secret prints as [secret] in strings, JSON and inspection, and is revealed by name only', () => {
  const secret = new Secret('hunter2');
  assert.equal(String(secret), '[secret]');
  assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
  assert.equal(inspect({ secret }), '{ secret: [secret] }');
  assert.equal(secret.reveal(), 'hunter2');
});
