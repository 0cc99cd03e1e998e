import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SaslIdentity } from './sasl-identity.ts';

function userOf(mechanism: string, ...responses: readonly string[]): string {
  const identity = new SaslIdentity(mechanism);
  for (const response of responses) {
    identity.observe(Buffer.from(response).toString('base64'));
  }
  return identity.user;
}

describe('who logs in', () => {
  it('is known from the responses of each mechanism', () => {
    assert.equal(userOf('PLAIN', 'admin\0bob\0secret'), 'bob');
    assert.equal(userOf('LOGIN', 'bob', 'secret'), 'bob');
    assert.equal(userOf('CRAM-MD5', 'bob b913a602c7eda7a495b4e6e7334d3890'), 'bob');
    assert.equal(userOf('XOAUTH2', 'user=bob\x01auth=Bearer t\x01\x01'), 'bob');
    assert.equal(userOf('OAUTHBEARER', 'n,a=bob,\x01host=h\x01auth=Bearer t\x01\x01'), 'bob');
    assert.equal(userOf('SCRAM-SHA-256', 'n,,n=bob,r=nonce', 'c=biws,r=nonce,p=proof'), 'bob');
  });
  it('never contains what proves it', () => {
    for (const mechanism of ['PLAIN', 'CRAM-MD5', 'XOAUTH2', 'OAUTHBEARER', 'SCRAM-SHA-1']) {
      assert.doesNotMatch(userOf(mechanism, 'secret', 'secret'), /secret/u);
    }
    assert.equal(userOf('LOGIN', '', 'secret'), '');
  });
  it('is bounded and printable', () => {
    assert.equal(userOf('LOGIN', `a\r\n${'b'.repeat(300)}`), `a${'b'.repeat(254)}`);
  });
});
