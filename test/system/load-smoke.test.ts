import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot, USERS } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { PASSWORD } from './harness/mail-server.ts';
import { run, runOk } from './harness/program.ts';
import { Cleanup } from './harness/scratch.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Kept between runs; Go's own cache makes the second build a matter of seconds. */
const K6 = join(tmpdir(), 'postern-k6');
/** The first build compiles k6 and what it is made of. */
const BUILD_TIMEOUT_MS = 900_000;
const SCENARIO_TIMEOUT_MS = 180_000;
const CLEAN = 3;
const INFECTED = 2;

/** Seconds instead of minutes, a handful of clients instead of thousands. */
const SHORT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  smoke: {},
  steady: { VUS: '3', DURATION: '3s' },
  soak: { VUS: '2', DURATION: '3s' },
  'ramp-to-break': { RATE: '10', DURATION: '3s' },
  'infected-mix': { VUS: '3', DURATION: '4s' },
  'slow-readers': { SLOW_VUS: '3', VUS: '2', DURATION: '3s', SLOW_BYTES_PER_SECOND: '200000' },
  'reconnect-storm': { VUS: '10', RECONNECTS: '2' },
  'idle-crowd': { CROWD: '20', SECONDS: '4', VUS: '2' },
};

describe('load tests', () => {
  const cleanup = new Cleanup();
  let gateway: Gateway;
  let env: Record<string, string>;

  before(async () => {
    const goEnv = { HOME: process.env['HOME'] ?? '', PATH: `${process.env['PATH'] ?? ''}:/usr/local/go/bin` };
    await runOk('bash', [join(PROJECT, 'load-tests/build-k6.sh'), K6], {
      env: goEnv,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    const dovecot = cleanup.owns(await Dovecot.start());
    const mail = [
      ...realisticMail({ count: CLEAN, totalBytes: 90_000 }),
      ...infectedMail().slice(0, INFECTED),
    ];
    await Promise.all(USERS.map((user) => dovecot.deliverAll(user, mail)));
    gateway = cleanup.owns(await Gateway.start(dovecot));
    const { imap, imaps, pop3, pop3s } = gateway.ports;
    env = {
      IMAP_PORT: String(imap),
      IMAPS_PORT: String(imaps),
      POP3_PORT: String(pop3),
      POP3S_PORT: String(pop3s),
      PASSWORD,
      MESSAGES: String(CLEAN),
      INFECTED: String(INFECTED),
    };
  });
  after(() => cleanup.run());

  it('every scenario has a short form here', () => {
    const names = globSync('load-tests/scenarios/*.js', { cwd: PROJECT }).map((path) =>
      path.replace(/^.*\/|\.js$/gu, ''),
    );
    assert.deepEqual(names.sort(), Object.keys(SHORT).sort());
  });

  for (const [name, short] of Object.entries(SHORT)) {
    it(`${name} ends without a failed session`, async () => {
      const sessions = await gateway.metric('postern_gateway_sessions_total');
      // the machine of a test run has no time to spare: whether clients get their mail is asked here, not how fast
      const result = await run(
        K6,
        ['run', '--no-thresholds', '--quiet', '--no-color', `scenarios/${name}.js`],
        {
          cwd: join(PROJECT, 'load-tests'),
          env: { ...env, ...short },
          timeoutMs: SCENARIO_TIMEOUT_MS,
        },
      );
      assert.equal(result.code, 0, result.transcript);
      assert.match(result.transcript, /postern_failed[ .:]+0\.00%/u, result.transcript);
      assert.ok((await gateway.metric('postern_gateway_sessions_total')) > sessions);
    });
  }

  it('a crossed threshold fails a scenario', async () => {
    const result = await run(K6, ['run', '--quiet', 'scenarios/steady.js'], {
      cwd: join(PROJECT, 'load-tests'),
      env: { ...env, PASSWORD: 'wrong', VUS: '1', DURATION: '1s' },
      timeoutMs: SCENARIO_TIMEOUT_MS,
    });
    assert.equal(result.code, 99, result.transcript);
  });

  it('the client for STARTTLS and STLS loses no session', async () => {
    const result = await run(process.execPath, ['load-tests/starttls.ts'], {
      cwd: PROJECT,
      env: { ...env, VUS: '3', SECONDS: '2' },
      timeoutMs: SCENARIO_TIMEOUT_MS,
    });
    assert.match(result.transcript, /✓ failed 0\.000/u, result.transcript);
    assert.match(result.transcript, /^[1-9]\d* sessions, [1-9]\d* messages$/mu);
  });

  it('infected mail was among it, and was neutralised', async () => {
    assert.ok(
      (await gateway.metric('postern_scan_messages_total', 'verdict="malicious"', 'action="neutralise"')) > 0,
    );
  });
});
