import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from './load.ts';
import { ConfigError } from './problem.ts';

const HOST = 'upstream: { host: mail.example.org }\n';

function problemsOf(text: string): string {
  try {
    parseConfig({ name: 'f', text: HOST + text }, { env: {}, checkFiles: false });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return '';
}

const listeners = (...lines: string[]) => `listeners:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
const account = 'owner: ann, reason: test';

describe('placement that cannot be meant', () => {
  it('is refused with line and remedy', () => {
    for (const [text, expected] of [
      [
        listeners('{ protocol: auto, port: 1143, proxyProtocol: true }'),
        /^f:3:\d+ .*needs trustedProxies.*List/,
      ],
      [
        listeners('{ protocol: auto, port: 1143, interceptPorts: 143 }'),
        /^f:3:\d+ .*needs transparent: true/,
      ],
      [
        listeners('{ protocol: imap, port: 1143, upstreamPort: 143 }'),
        /^f:3:\d+ .*is for protocol auto.*upstream\.ports/,
      ],
      [
        listeners(
          '{ protocol: auto, port: 1143, transparent: true, interceptPorts: "143,993" }',
          '{ protocol: auto, port: 2143, transparent: true, interceptPorts: "993" }',
        ),
        /^f:4:\d+ .*port 993 is redirected to listeners\[0\] already\. Remove/,
      ],
      [
        listeners('{ protocol: auto, port: 1143, transparent: true, interceptPorts: "143,70000" }'),
        /^f:3:\d+ .*is not a list of ports/,
      ],
      [listeners('{ protocol: auto, address: "127.0.0.1", port: 1143, tls: implicit }'), /^f:3:\d+ .*tls/],
      [
        'imapsPorts: 1993\npop3sPorts: "1995,1993"\n',
        /^f:3:13 pop3sPorts: port 1993 is in imapsPorts already/m,
      ],
      [listeners('{ protocol: imap, port: 1143, upstream: branhc }'), /^f:3:\d+ .*upstreams has no "branhc"/],
      ['policies: [{ name: lab }, { name: lab }]\n', /^f:2:\d+ policies\[1\]\.name: .*earlier one/],
      [
        `${listeners('{ protocol: imap, port: 1143, policy: lba }')}policies: [{ name: lab }]\n`,
        /Did you mean lab\?/,
      ],
    ] as const) {
      assert.match(problemsOf(text), expected);
    }
  });

  it('may be what is close to it', () => {
    for (const text of [
      `trustedProxies: 10.0.0.1\n${listeners('{ protocol: auto, port: 1143, proxyProtocol: true }')}`,
      listeners('{ protocol: auto, port: 1143, transparent: true, interceptPorts: 143 }'),
      listeners('{ protocol: auto, port: 1143, upstreamPort: 143 }'),
      `${listeners('{ protocol: imap, port: 1143, upstream: b, policy: lab }')}policies: [{ name: lab }]\nupstreams: [{ name: b, host: b.example }]\n`,
    ]) {
      assert.equal(problemsOf(text), '');
    }
  });

  it('is refused when a server is the gateway itself', () => {
    const own = '{ protocol: auto, address: "127.0.0.1", port: 1143, upstream: b }';
    const branch = (port: string) =>
      `upstreams: [{ name: b, host: 127.0.0.1 }]\n${listeners(own.replace('}', `${port} }`))}`;
    assert.match(problemsOf(branch('')), /talk to itself/);
    assert.equal(problemsOf(branch(', upstreamPort: 143')), '');
  });
});

describe('exclusions', () => {
  it('need an owner and a reason, and say what is wrong with what they name', () => {
    for (const [text, expected] of [
      ['exclusions: { users: [{ user: ann }] }\n', /users\[0\]\.owner: is missing/],
      [
        `exclusions: { users: [{ user: ann, ${account}, expires: 2026-02-30 }] }\n`,
        /is not a date\. Write 2027-01-31/,
      ],
      [
        `exclusions: { clients: [{ addresses: "10.0.0.1, 10.0.0.256", ${account} }] }\n`,
        /"10\.0\.0\.256", it is not an IP/,
      ],
      [`exclusions: { digests: [{ sha256: abc, ${account} }] }\n`, /is not a SHA-256 digest/],
    ] as const) {
      assert.match(problemsOf(text), expected);
    }
    assert.equal(problemsOf(`exclusions: { users: [{ user: ann, ${account}, expires: 2027-01-31 }] }\n`), '');
  });
});
