import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadWithOrigins } from '../base/config/load.ts';
import { GatewayError } from '../base/errors.ts';
import { withListenAdvice } from './listen-advice.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-listen-'));
after(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'gateway.yaml');
writeFileSync(
  path,
  `upstream: { host: mail.example.org }
listeners:
  - { protocol: imap, address: 127.0.0.1, port: 10143 }
  - { protocol: pop3, address: 127.0.0.1, port: 10110 }
admin: { port: 10090 }
`,
);

function failure(code: string, fields: Record<string, string | number>): GatewayError {
  const cause = Object.assign(new Error(`listen ${code}`), { code });
  return new GatewayError('LISTEN_FAILED', 'cannot listen', { cause, fields });
}

function said(error: unknown, env: Record<string, string> = {}): string {
  const advised = withListenAdvice(error, loadWithOrigins({ path, env }));
  assert.ok(advised instanceof GatewayError && advised.code === 'LISTEN_FAILED');
  return advised.message.replace(folder, '');
}

const SECOND = { address: '127.0.0.1', port: 10_110 };

describe('a port that cannot be listened on', () => {
  it('is named by file, line and key, with what to do', () => {
    assert.match(
      said(failure('EADDRINUSE', SECOND)),
      /^\/gateway\.yaml:4:5 listeners\[1\]: cannot listen\. Stop what listens there/u,
    );
    assert.match(said(failure('EACCES', SECOND)), /CAP_NET_BIND_SERVICE/u);
    assert.match(said(failure('EADDRNOTAVAIL', SECOND)), /no such address/u);
    assert.match(said(failure('EADDRINUSE', {})), /^\/gateway\.yaml:5:10 admin\.port: cannot listen/u);
  });

  it('is named by the variable that asks for it', () => {
    const env = { POSTERN_LISTENERS: '[{ protocol: imap, address: 127.0.0.2, port: 10144 }]' };
    const error = failure('EADDRINUSE', { address: '127.0.0.2', port: 10_144 });
    assert.match(said(error, env), /^POSTERN_LISTENERS listeners\[0\]: cannot listen/u);
  });

  it('is said without a place when it is a default, and without a remedy when there is none', () => {
    assert.equal(said(failure('EOTHER', { address: '::', port: 1 })), 'cannot listen');
  });

  it('is all that is changed', () => {
    const other = new GatewayError('RULES_INVALID', 'x');
    assert.equal(withListenAdvice(other, loadWithOrigins({ path, env: {} })), other);
  });
});
