import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { loadConfig, parseConfig } from './load.ts';
import { ConfigError, formatProblem } from './problem.ts';
import { configSchema } from './schema.ts';
import type { Environment } from './environment.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-config-'));
after(() => rmSync(folder, { recursive: true }));

function parse(text: string, env: Environment = {}) {
  return parseConfig({ name: 'gateway.yaml', text }, { env, checkFiles: false });
}

function configErrorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.code, 'CONFIG_INVALID');
    return error;
  }
  return assert.fail('it was accepted');
}

function problemsOf(run: () => unknown): string[] {
  return configErrorOf(run).problems.map(formatProblem);
}

const port = (value: number) => `upstream: { host: a, ports: { imap: ${value} } }`;
const MINIMAL = 'upstream: { host: mail.example.org }\n';

const SMALL_FILE = `
upstream:
  host: 127.0.0.1
  ports: { imap: 15143, imaps: 15993, pop3: 15110, pop3s: 15995 }
  tls: { verify: false }          # spelled out
listeners:
  - { protocol: imap,  address: 127.0.0.1, port: 10143 }   # offers STARTTLS
  - { protocol: imaps, address: 127.0.0.1, port: 10993 }
  - { protocol: pop3,  address: 127.0.0.1, port: 10110 }
  - { protocol: pop3s, address: 127.0.0.1, port: 10995 }
rules: [config/rules]
quarantine: { path: ./quarantine }
admin: { address: 127.0.0.1, port: 10080 }
`;

const unknownKeys = (count: number) =>
  Array.from({ length: count }, (_, index) => `unknown${index}: 1\n`).join('');

const messageLines = (count: number) =>
  configErrorOf(() => parse(MINIMAL + unknownKeys(count))).message.split('\n');

describe('loadConfig', () => {
  it('reads the small file that has to stay valid', () => {
    const config = parse(SMALL_FILE);
    assert.equal(config.upstream.tls.verify, false);
    assert.deepEqual(config.upstream.ports, { imap: 15143, imaps: 15993, pop3: 15110, pop3s: 15995 });
    assert.equal(config.listeners?.length, 4);
    assert.equal(config.admin.port, 10080);
    assert.equal(config.scan.timeoutMs, 10_000);
  });

  it('reads a file from disk, and names it in problems', () => {
    const path = join(folder, 'one.yaml');
    writeFileSync(path, `${MINIMAL}mode: watch\n`);
    assert.deepEqual(
      problemsOf(() => loadConfig({ path, env: {}, checkFiles: false })),
      [`${path}:2:7 mode: "watch" is none of protect, monitor.`],
    );
  });

  it('needs no file when the environment says enough', () => {
    const config = loadConfig({ env: { POSTERN_UPSTREAM_HOST: '192.0.2.1' }, checkFiles: false });
    assert.deepEqual(config, configSchema.parse({ upstream: { host: '192.0.2.1' } }));
  });

  it('refuses a file that is not there, a folder, and a file that is far too large', () => {
    const missing = join(folder, 'missing.yaml');
    const large = join(folder, 'large.yaml');
    writeFileSync(large, ' '.repeat(1024 * 1024 + 1));
    for (const path of [missing, folder, large]) {
      const [problem = ''] = problemsOf(() => loadConfig({ path, env: {} }));
      assert.ok(problem.startsWith(`${path}: `), problem);
    }
  });

  it('reports every problem of file and environment at once, each with its place', () => {
    const text = `upstream:
  host: https://mail
  ports: { imap: 70000, imapps: 993 }
  tls: { verify: no }
maxMessageBytes: 4
limits:
admin: { port: 10080, adress: "::" }
`;
    const env = { POSTERN_LOG_LEVEL: 'loud', POSTERN_SCAN_WORKERS: 'x', POSTERN_UPSTREAM_TLS_VERFY: 'false' };
    assert.deepEqual(problemsOf(() => parse(text, env)).sort(), [
      'POSTERN_LOG_LEVEL log.level: "loud" is none of debug, info, warn, error.',
      'POSTERN_SCAN_WORKERS scan.workers: "x" is not a whole number.',
      'POSTERN_UPSTREAM_TLS_VERFY: no such setting. Did you mean POSTERN_UPSTREAM_TLS_VERIFY?',
      'gateway.yaml:2:9 upstream.host: "https://mail" is not a host name or IP address. Write it without scheme, port and brackets.',
      'gateway.yaml:3:18 upstream.ports.imap: 70000 is above the greatest possible value, 65535.',
      'gateway.yaml:3:25 upstream.ports.imapps: unknown key. Did you mean imaps?',
      'gateway.yaml:4:18 upstream.tls.verify: "no" is not true or false.',
      'gateway.yaml:5:1 maxMessageBytes: unknown key here. It belongs to limits.',
      'gateway.yaml:6:8 limits: is empty. Give it a value (a section of keys) or remove the key.',
      'gateway.yaml:7:23 admin.adress: unknown key. Did you mean address?',
    ]);
  });

  it('reports contradictions between sound keys beside wrong values elsewhere', () => {
    const text = `${MINIMAL}mode: 1\nscan: { timeoutMs: 2000, deadlineMs: 1000 }\n`;
    const problems = problemsOf(() => parse(text));
    assert.equal(problems.length, 2);
    assert.match(problems.join('\n'), /gateway\.yaml:3:20 scan\.timeoutMs: 2000 is above scan\.deadlineMs/u);
  });

  it('says what is missing and how to give it', () => {
    assert.deepEqual(
      problemsOf(() => parse('')),
      [
        'gateway.yaml:1:1 upstream.host: is missing. Write it, or set POSTERN_UPSTREAM_HOST: the imap listener on :: port 143 leads there.',
      ],
    );
    assert.deepEqual(
      problemsOf(() => parse('mode: monitor\nupstream: { ports: { imap: 1 } }')),
      [
        'gateway.yaml:2:1 upstream.host: is missing. Write it, or set POSTERN_UPSTREAM_HOST: the imap listener on :: port 143 leads there.',
      ],
    );
  });

  it('refuses what is not YAML, with line and column', () => {
    const [problem = ''] = problemsOf(() => parse('mode: protect\nupstream: [a\n'));
    assert.match(problem, /^gateway\.yaml:\d+:\d+: /u);
    assert.match(
      problemsOf(() => parse(`${MINIMAL}mode: protect\nmode: monitor\n`))[0] ?? '',
      /yaml:3:1: .*unique/u,
    );
  });

  it('refuses a list, a text and a second document at the top', () => {
    for (const text of ['- a\n', 'just words\n', `${MINIMAL}---\n${MINIMAL}`]) {
      assert.equal(problemsOf(() => parse(text)).length, 1, text);
    }
  });

  it('refuses an alias bomb', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [one, next] of ['a b', 'b c', 'c d', 'd e'].map((pair) => pair.split(' '))) {
      bomb.push(`${next}: &${next} [${Array.from({ length: 9 }, () => `*${one}`).join(', ')}]`);
    }
    assert.match(problemsOf(() => parse(bomb.join('\n'))).join('\n'), /alias/iu);
  });

  it('refuses keys that touch prototypes as unknown', () => {
    for (const key of ['__proto__', 'constructor']) {
      assert.match(
        problemsOf(() => parse(`${MINIMAL}${key}: { polluted: true }\n`))[0] ?? '',
        /unknown key/u,
      );
    }
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('refuses unknown tags', () => {
    const [problem = ''] = problemsOf(() => parse('upstream: { host: !secret mail.example.org }\n'));
    assert.match(problem, /^gateway\.yaml:1:19: .*tag/u);
  });

  it('shows 50 problems and counts the rest', () => {
    assert.equal(messageLines(50).length, 50);
    assert.equal(messageLines(51).length, 51);
    assert.equal(messageLines(51).at(-1), 'and 1 more problems.');
  });

  it('ends in a configuration or in a ConfigError, whatever the file holds', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom('upstream', 'host', 'listeners', 'tls', 'limits', '<<', '__proto__'),
    );
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.object({ key: name }).map((value) => stringify(value)),
      fc.constantFrom('[', '{a: ', '- ', '&a [*a, ').map((text) => text.repeat(2_000)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        try {
          parse(text);
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
          assert.ok(error.problems.length > 0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('takes each number at its limit and refuses one over', () => {
    assert.equal(parse(port(65_535)).upstream.ports.imap, 65_535);
    assert.equal(parse(port(1)).upstream.ports.imap, 1);
    assert.equal(problemsOf(() => parse(port(65_536))).length, 1);
    assert.equal(problemsOf(() => parse(port(0))).length, 1);
  });
});
