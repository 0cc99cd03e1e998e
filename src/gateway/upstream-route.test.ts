import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configSchema } from '../base/config/schema.ts';
import { isLoopback, upstreamRoute } from './upstream-route.ts';

const PROTOCOLS = ['imap', 'imaps', 'pop3', 'pop3s'] as const;

function routes(mode: string) {
  const { upstream } = configSchema.parse({ upstream: { host: 'mail.example', tls: { mode } } });
  return PROTOCOLS.map((protocol) => {
    const { port, tls, startTls } = upstreamRoute(protocol, upstream);
    return `${protocol}: ${port} ${tls} ${startTls}`;
  });
}

describe('the way to the server', () => {
  it('is the like of the listener in auto mode', () => {
    assert.deepEqual(routes('auto'), [
      'imap: 143 none unless-loopback',
      'imaps: 993 implicit off',
      'pop3: 110 none unless-loopback',
      'pop3s: 995 implicit off',
    ]);
  });

  it('is always the configured one otherwise', () => {
    assert.deepEqual(routes('implicit'), [
      'imap: 993 implicit off',
      'imaps: 993 implicit off',
      'pop3: 995 implicit off',
      'pop3s: 995 implicit off',
    ]);
    assert.deepEqual(routes('starttls'), [
      'imap: 143 none required',
      'imaps: 143 none required',
      'pop3: 110 none required',
      'pop3s: 110 none required',
    ]);
    assert.deepEqual(routes('off'), [
      'imap: 143 none off',
      'imaps: 143 none off',
      'pop3: 110 none off',
      'pop3s: 110 none off',
    ]);
  });
});

describe('isLoopback', () => {
  for (const [address, expected] of [
    ['127.0.0.1', true],
    ['127.200.3.4', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['10.127.0.1', false],
    ['::2', false],
    ['', false],
  ] as const) {
    it(`says ${expected} for ${address === '' ? 'nothing' : address}`, () => {
      assert.equal(isLoopback(address), expected);
    });
  }
});
