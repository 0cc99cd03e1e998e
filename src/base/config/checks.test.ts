import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { after, describe, it } from 'node:test';
import forge from 'node-forge';
import { parseConfig } from './load.ts';
import { ConfigError } from './problem.ts';
import { configWarnings } from './warnings.ts';

const HOST = 'upstream: { host: mail.example.org }\n';

function problemsOf(text: string, checkFiles = false): string {
  try {
    parseConfig({ name: 'f', text }, { env: {}, checkFiles });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return '';
}

function warningsOf(text: string): readonly string[] {
  return configWarnings(parseConfig({ name: 'f', text }, { env: {}, checkFiles: false }));
}

const listeners = (...lines: string[]) =>
  `${HOST}listeners:\n${lines.map((line) => `  - ${line}\n`).join('')}`;

const pair = (a: string, b: string) =>
  problemsOf(
    listeners(
      `{ protocol: imap, address: "${a}", port: 1143 }`,
      `{ protocol: pop3, address: "${b}", port: 1143 }`,
    ),
  );
const limits = (literal: number) => `${HOST}limits: { maxMessageBytes: 1000, maxLiteralBytes: ${literal} }\n`;

const shared = (keys: string) => problemsOf(`upstream: { host: x }\nscan: { sharedVerdicts: { ${keys} } }\n`);

describe('keys that contradict each other', () => {
  it('refuses two listeners on one port when their addresses overlap', () => {
    assert.match(
      pair('127.0.0.1', '127.0.0.1'),
      /f:4:\d+ listeners\[1\]: port 1143 is taken by the imap listener/u,
    );
    assert.notEqual(pair('::', '127.0.0.1'), '');
    assert.notEqual(pair('127.0.0.1', '0.0.0.0'), '');
    assert.equal(pair('127.0.0.1', '127.0.0.2'), '');
    assert.equal(pair('0.0.0.0', '::1'), '');
  });

  it('lets several listeners take free ports', () => {
    assert.equal(problemsOf(listeners('{ protocol: imap, port: 0 }', '{ protocol: pop3, port: 0 }')), '');
  });

  it('refuses an extra port that another listener has', () => {
    assert.match(problemsOf(`${HOST}imapsPorts: 1993,143\n`), /f:2:13 imapsPorts: port 143 is taken/u);
  });

  it('refuses the admin port on a listener, unless admin is off', () => {
    const text = listeners('{ protocol: imap, port: 9090 }');
    assert.match(problemsOf(text), /admin\.port: port 9090 is taken by the imap listener/u);
    assert.equal(problemsOf(`${text}admin: { enabled: false }\n`), '');
  });

  it('refuses TLS that does not fit the protocol', () => {
    for (const [protocol, tls] of [
      ['imaps', 'starttls'],
      ['pop3s', 'off'],
      ['imap', 'implicit'],
      ['pop3', 'implicit'],
    ]) {
      const text = listeners(`{ protocol: ${protocol}, port: 1, tls: ${tls} }`);
      assert.match(problemsOf(text), /listeners\[0\]\.tls: \S+ does not fit/u, `${protocol} ${tls}`);
    }
    for (const [protocol, tls] of [
      ['imaps', 'implicit'],
      ['imap', 'off'],
      ['pop3', 'starttls-required'],
    ]) {
      assert.equal(problemsOf(listeners(`{ protocol: ${protocol}, port: 1, tls: ${tls} }`)), '');
    }
  });

  it('refuses to be its own upstream', () => {
    const loop =
      'upstream: { host: localhost, ports: { imap: 1143 } }\nlisteners: [{ protocol: imap, port: 1143 }]\n';
    assert.match(
      problemsOf(loop),
      /upstream\.ports\.imap: localhost port 1143 is the imap listener .* talk to itself/u,
    );
    assert.equal(problemsOf(loop.replace('localhost', 'mail.example.org')), '');
    assert.equal(problemsOf(loop.replace('imap: 1143', 'imap: 1144')), '');
  });

  it('refuses limits that hide one another, and takes equal ones', () => {
    assert.equal(problemsOf(limits(1000)), '');
    assert.match(
      problemsOf(limits(999)),
      /limits\.maxMessageBytes: 1000 is above limits\.maxLiteralBytes \(999\)/u,
    );
    const spool = (all: number) => problemsOf(`upstream: { host: x }\nlimits: { maxSpoolBytes: ${all} }\n`);
    assert.equal(spool(536_870_912), '');
    assert.match(
      spool(536_870_911),
      /limits\.maxSessionSpoolBytes: 536870912 is above limits\.maxSpoolBytes/u,
    );
  });

  it('refuses a shared verdict cache without a secret, and a secret without a cache', () => {
    const [url, secret] = ['url: "redis://h"', `secret: ${'s'.repeat(32)}`];
    assert.equal(shared(`${url}, ${secret}`), '');
    assert.match(shared(url), /scan\.sharedVerdicts\.secret: and scan\.sharedVerdicts\.url need each other/u);
    assert.match(shared(secret), /need each other/u);
    assert.match(shared(`${url}, secret: ${'s'.repeat(31)}`), /32 to 500 visible/u);
    assert.match(shared(`url: "http://h", ${secret}`), /scan\.sharedVerdicts\.url/u);
  });
});

describe('files that the configuration names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-files-'));
  after(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  function makeCertificate(name: string): { cert: string; key: string } {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
    certificate.validity.notAfter = new Date(certificate.validity.notBefore.getTime() + 86_400_000);
    certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
    return {
      cert: write(`${name}.pem`, forge.pki.certificateToPem(certificate)),
      key: write(`${name}.key`, privateKey),
    };
  }

  const one = makeCertificate('one');
  const other = makeCertificate('other');
  const rules = `rules: ["${folder}"]\n`;
  const certificate = (cert: string, key: string) =>
    `${HOST}${rules}tls: { certificates: [{ cert: "${cert}", key: "${key}" }] }\n`;

  it('takes a certificate with its key', () => {
    assert.equal(problemsOf(certificate(one.cert, one.key), true), '');
  });

  it('refuses a key of another certificate, a missing file, a folder and what is no PEM', () => {
    const text = write('text.pem', 'not a certificate');
    assert.match(
      problemsOf(certificate(one.cert, other.key), true),
      /certificates\[0\]\.key: .* does not belong to/u,
    );
    assert.match(
      problemsOf(certificate(join(folder, 'none'), one.key), true),
      /\[0\]\.cert: .* does not exist/u,
    );
    assert.match(problemsOf(certificate(one.cert, folder), true), /\[0\]\.key: .* is a folder/u);
    assert.match(problemsOf(certificate(text, one.key), true), /\[0\]\.cert: .* holds no certificate/u);
    assert.match(problemsOf(certificate(one.cert, text), true), /\[0\]\.key: .* holds no private key/u);
  });

  it('refuses a list of revoked certificates that is not one', () => {
    const file = join(folder, 'revoked');
    writeFileSync(file, `${'ab'.repeat(32)}\nserial 17\n`);
    const config = (path: string) => `${HOST}rules: ["${folder}"]\ntlsFilter: { revoked: "${path}" }\n`;
    assert.match(problemsOf(config(file), true), /tlsFilter\.revoked: .* line 2 is no SHA-256.*Write 64/u);
    assert.match(problemsOf(config(join(folder, 'none')), true), /tlsFilter\.revoked: .* does not exist/u);
    writeFileSync(file, `${'ab'.repeat(32)}\n`);
    assert.equal(problemsOf(config(file), true), '');
  });

  it('refuses an authority of our own that was not made, and secrets that are not there', () => {
    const ca = join(folder, 'ca');
    const none = join(folder, 'none');
    const filter = (keyFile: string) =>
      `${HOST}rules: ["${folder}"]\ntlsFilter: { ca: "${ca}", caKeyFile: "${keyFile}" }\n`;
    const problems = problemsOf(filter(none), true);
    assert.match(problems, /tlsFilter\.ca: .* holds no authority\. Make one with "postern ca init"/u);
    assert.match(problems, /tlsFilter\.caKeyFile: .* does not exist/u);
    mkdirSync(ca);
    writeFileSync(join(ca, 'authority.json'), '{}');
    assert.equal(problemsOf(filter(write('passphrase', 'x')), true), '');
    const notified = problemsOf(
      `${HOST}rules: ["${folder}"]\nnotifications:\n  webhooks: [{ name: a, url: "https://a.example", secretFile: "${none}" }]\n` +
        `  smtp: { server: a.example, from: a@a.example, to: [b@a.example], user: a, passwordFile: "${none}" }\n`,
      true,
    );
    assert.match(notified, /notifications\.webhooks\[0\]\.secretFile: .* does not exist/u);
    assert.match(notified, /notifications\.smtp\.passwordFile: .* does not exist/u);
  });

  it('refuses lists and rules on trial that are not there', () => {
    const text = `${HOST}rules: ["${folder}"]\nshadowRules: [none]\nscan: { digests: { deny: [gone] } }\n`;
    const problems = problemsOf(text, true);
    assert.match(problems, /shadowRules\[0\]: "none" does not exist/u);
    assert.match(problems, /scan\.digests\.deny\[0\]: "gone" does not exist/u);
  });

  it('refuses an authority file and rules that are not there', () => {
    const text = `rules: [nowhere/rules]\nupstream: { host: a, tls: { ca: "${join(folder, 'none')}" } }\n`;
    assert.match(problemsOf(text, true), /f:1:9 rules\[0\]: "nowhere\/rules" does not exist/u);
    assert.match(problemsOf(text, true), /upstream\.tls\.ca: .* does not exist/u);
  });
});

describe('configWarnings', () => {
  it('says nothing about the defaults', () => {
    assert.deepEqual(warningsOf(HOST), []);
  });

  it('names each switch that weakens the protection', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['upstream: { host: a, tls: { verify: false } }', /^upstream\.tls\.verify is false/u],
      ['upstream: { host: a, tls: { mode: off } }', /^upstream\.tls\.mode is off/u],
      ['upstream: { host: a, allowPreauth: true }', /^upstream\.allowPreauth/u],
      [`${HOST}protection: false`, /^protection is off/u],
      [`${HOST}mode: monitor`, /^mode is monitor/u],
      [`${HOST}protocols: { pop3: false }`, /^protocols\.pop3 is off/u],
      [`${HOST}scan: { uploads: false }`, /^scan\.uploads/u],
      [`${HOST}policy: { malicious: deliver }`, /^policy\.malicious/u],
      [`${HOST}policy: { unscannable: { engine-failed: deliver } }`, /^policy\.unscannable\.engine-failed/u],
      [listeners('{ protocol: imap, port: 1, tls: off }'), /^listeners imap on :: port 1 has tls off/u],
    ];
    for (const [text, expected] of cases) {
      const warnings = warningsOf(text);
      assert.equal(warnings.length, 1, text);
      assert.match(warnings[0] ?? '', expected);
    }
  });

  it('is silent about clear text that does not leave the machine', () => {
    assert.deepEqual(warningsOf(listeners('{ protocol: imap, address: 127.0.0.1, port: 1, tls: off }')), []);
    assert.deepEqual(
      warningsOf(
        'upstream: { host: 127.0.0.1, ports: { imap: 2, imaps: 3, pop3: 4, pop3s: 5 }, tls: { mode: off } }',
      ),
      [],
    );
  });
});
