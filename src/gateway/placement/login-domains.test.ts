import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoginDomains } from './login-domains.ts';

const domains = new LoginDomains([
  [['example.org', '*.example.net'], 'a'],
  [['mail.example.net', '*.Deep.example.net'], 'b'],
]);

describe('servers by the domain of the login name', () => {
  for (const [user, expected] of [
    ['ann@example.org', 'a'],
    ['ann@EXAMPLE.ORG.', 'a'],
    ['ann@x.example.net', 'a'],
    ['ann@x.y.example.net', 'a'],
    ['ann@mail.example.net', 'b'],
    ['ann@x.deep.example.net', 'b'],
    ['ann@x.mail.example.net', 'a'],
    ['ann@deep.example.net', 'a'],
    ['ann@example.org@example.net.example.org', undefined],
    ['ann@example.net', undefined],
    ['ann@sub.example.org', undefined],
    ['ann@notexample.org', undefined],
    ['ann@', undefined],
    ['example.org', undefined],
    ['', undefined],
    ['ann@example.org@x.example.net', 'a'],
  ] as const) {
    it(`${user || 'nobody'} goes to ${expected ?? 'none'}`, () => {
      assert.equal(domains.find(user), expected);
    });
  }
});
