import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configSchema } from './schema.ts';
import { parseConfig } from './load.ts';
import { ConfigError } from './problem.ts';

function problemsOf(config: object): string {
  try {
    parseConfig({ name: 'f', text: JSON.stringify(config) }, { env: {}, checkFiles: false });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return '';
}

const ROUTED = { protocol: 'imap', port: 1143, route: 'login-domain' };
const ORG = { name: 'org', host: 'a.example', domains: ['example.org'] };

describe('servers by login domain', () => {
  it('need no server without a name', () => {
    assert.equal(problemsOf({ listeners: [ROUTED], upstreams: [ORG] }), '');
  });

  for (const [what, config, expected] of [
    [
      'a domain in two servers, in any case',
      {
        listeners: [ROUTED],
        upstreams: [ORG, { name: 'net', host: 'b.example', domains: ['x.net', 'Example.ORG'] }],
      },
      /upstreams\[1\]\.domains\[1\]: Example\.ORG leads to org already\. Remove/,
    ],
    [
      'a transparent listener',
      { listeners: [{ ...ROUTED, transparent: true }], upstreams: [ORG] },
      /listeners\[0\]\.route: does not fit transparent: the client itself says/,
    ],
    [
      'a listener that finds out the protocol',
      { listeners: [{ ...ROUTED, protocol: 'auto' }], upstreams: [ORG] },
      /listeners\[0\]\.route: does not fit protocol auto.*Use imap/,
    ],
    [
      'nobody to choose from',
      { listeners: [ROUTED], upstreams: [{ name: 'org', host: 'a.example' }] },
      /listeners\[0\]\.route: needs a server to choose/,
    ],
    [
      'domains that nobody asks for',
      { upstream: { host: 'a.example' }, upstreams: [ORG] },
      /upstreams\[0\]\.domains: has no effect/,
    ],
    [
      'a server that logs in whoever connects',
      { listeners: [ROUTED], upstreams: [{ ...ORG, allowPreauth: true }] },
      /upstreams\[0\]\.allowPreauth: does not fit domains/,
    ],
    [
      'what is no domain',
      { listeners: [ROUTED], upstreams: [{ ...ORG, domains: ['ann@example.org'] }] },
      /"ann@example\.org" is not a domain/,
    ],
  ] as const) {
    it(`refuse ${what}`, () => assert.match(problemsOf(config), expected));
  }

  it('take subdomains and single words', () => {
    for (const domain of ['*.example.net', 'localhost', 'a.b.c', 'xn--bcher-kva.example']) {
      assert.equal(
        problemsOf({ listeners: [ROUTED], upstreams: [{ ...ORG, domains: [domain] }] }),
        '',
        domain,
      );
    }
  });
});

describe('the host of the server without a name', () => {
  const transparent = { protocol: 'auto', port: 10_143, transparent: true };
  const named = { protocol: 'imap', port: 1143, upstream: 'org' };
  const org = { name: 'org', host: 'a.example' };

  it('is not needed when every listener leads elsewhere', () => {
    assert.equal(problemsOf({ listeners: [transparent, named], upstreams: [org] }), '');
  });

  it('is needed as soon as one leads there, which is named', () => {
    const imap = { protocol: 'pop3', port: 1110 };
    assert.match(
      problemsOf({ listeners: [transparent, named, imap], upstreams: [org] }),
      /upstream\.host: is missing.*the pop3 listener on :: port 1110 leads there/,
    );
    assert.match(problemsOf({ listeners: [named], upstreams: [org], imapsPorts: '1993' }), /imaps listener/);
  });

  it('is always needed of the others', () => {
    assert.equal(configSchema.safeParse({ upstreams: [{ name: 'a' }] }).success, false);
  });
});
