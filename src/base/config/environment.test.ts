import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG_KEYS } from './keys.ts';
import { readEnvironment, type Environment } from './environment.ts';
import { parseConfig } from './load.ts';
import { ConfigError } from './problem.ts';

const HOST = { POSTERN_UPSTREAM_HOST: 'mail.example.org' };

function load(env: Environment, text = '') {
  return parseConfig({ name: 'gateway.yaml', text }, { env: { ...HOST, ...env }, checkFiles: false });
}

function problemsOf(env: Environment): readonly string[] {
  try {
    load(env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ where, key, what }) => `${where}|${key}|${what}`);
  }
  return assert.fail('it was accepted');
}

describe('POSTERN_ variables', () => {
  it('gives every key its own name', () => {
    const names = CONFIG_KEYS.map(({ variable }) => variable);
    assert.ok(names.length > 50);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes('POSTERN_UPSTREAM_TLS_SERVER_NAME'));
    assert.ok(names.includes('POSTERN_POLICY_UNSCANNABLE_ENGINE_FAILED'));
  });

  it('wins over the file', () => {
    const env = {
      POSTERN_UPSTREAM_TLS_VERIFY: 'false',
      POSTERN_ADMIN_PORT: '10080',
      POSTERN_MODE: 'monitor',
    };
    const config = load(env, 'mode: protect\nadmin: { port: 1, enabled: false }\nupstream: { host: b }\n');
    assert.equal(config.upstream.host, 'mail.example.org');
    assert.equal(config.upstream.tls.verify, false);
    assert.deepEqual([config.admin.port, config.admin.enabled, config.mode], [10080, false, 'monitor']);
  });

  it('reads lists of texts with commas and lists of sections as YAML or JSON', () => {
    const config = load({
      POSTERN_RULES: 'config/rules, /etc/postern/rules',
      POSTERN_LISTENERS: '[{ protocol: imap, address: 127.0.0.1, port: 10143, tls: starttls-required }]',
      POSTERN_TLS_CERTIFICATES: '[{"cert":"a.pem","key":"a.key"}]',
    });
    assert.deepEqual(config.rules, ['config/rules', '/etc/postern/rules']);
    assert.deepEqual(config.listeners, [
      { protocol: 'imap', address: '127.0.0.1', port: 10143, tls: 'starttls-required' },
    ]);
    assert.deepEqual(config.tls.certificates, [{ cert: 'a.pem', key: 'a.key' }]);
  });

  it('takes an empty variable as not set', () => {
    assert.equal(load({ POSTERN_MODE: '' }, 'mode: monitor').mode, 'monitor');
  });

  it('refuses what is not exactly true or false, and what is no number', () => {
    for (const text of ['no', 'False', '0', ' false']) {
      assert.equal(problemsOf({ POSTERN_UPSTREAM_TLS_VERIFY: text }).length, 1, text);
    }
    for (const text of ['1e3', '0x10', '1.5', 'ten', '9'.repeat(16)]) {
      assert.equal(problemsOf({ POSTERN_ADMIN_PORT: text }).length, 1, text);
    }
  });

  it('names the variable when a value inside a list is wrong', () => {
    const [problem = ''] = problemsOf({ POSTERN_LISTENERS: '[{ protocol: imap, port: 99999 }]' });
    assert.ok(problem.startsWith('POSTERN_LISTENERS|listeners[0].port|'), problem);
  });

  it('refuses broken YAML in a variable', () => {
    assert.match(
      problemsOf({ POSTERN_LISTENERS: '[{' })[0] ?? '',
      /^POSTERN_LISTENERS\|listeners\|is not YAML/u,
    );
  });

  it('refuses unknown variables, and lets alone what others own', () => {
    assert.equal(problemsOf({ POSTERN_SOMETHING_ELSE: '1' }).length, 1);
    const others = {
      POSTERN_SCAN_FAULTS: '1',
      POSTERN_CONFIG: 'x.yaml',
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_SERVICE_PORT_IMAPS: '993',
      POSTERN_PORT: 'tcp://10.0.0.1:993',
      POSTERN_PORT_993_TCP_ADDR: '10.0.0.1',
      PATH: '/bin',
    };
    assert.deepEqual(readEnvironment(others), { values: [], problems: [] });
  });
});
