import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { readMailbox } from '../../src/cli/demo/client/mailbox-reader.ts';
import { createDemoServer, type DemoServer } from '../../src/cli/demo/server/demo-server.ts';
import { suspectOffset } from '../../src/workers/unfinished/record-format.ts';
import { type Fault, faultyMail } from '../corpus/fault-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Gateway } from '../system/harness/gateway.ts';
import { eventually } from '../system/harness/wait.ts';

/** Nobody waits so long: the scan lasts until the process ends. */
const FOREVER: Fault = 'delay=600000';
const WAIT_MS = 30_000;
/** Deferrals by default; after them a message is neutralised. */
const DEFERRALS = 3;

function read(gateway: Gateway, user: string) {
  const { imap } = gateway.ports;
  return readMailbox('imap', { host: '127.0.0.1', port: imap, tls: 'off', user, password: 'pw' });
}

async function suspects(gateway: Gateway): Promise<readonly number[]> {
  const state = (value: string) => gateway.metric('postern_scan_suspects', `state="${value}"`);
  return [await state('watched'), await state('refused')];
}

describe('a message that ends the process', () => {
  const parent = mkdtempSync(join(tmpdir(), 'postern-ends-'));
  const clean = realisticMail({ count: 2, totalBytes: 60_000 }).map(({ bytes }) => bytes);
  const started: Gateway[] = [];
  let server: DemoServer;
  let quarantine = '';
  before(async () => {
    server = await createDemoServer({ users: { killer: 'pw', slow: 'pw', bystander: 'pw' } });
    for (const bytes of clean) server.deliver('bystander', bytes, { flags: [] });
  });
  beforeEach(() => {
    quarantine = join(mkdtempSync(join(parent, 'q')), 'quarantine');
  });
  after(async () => {
    await Promise.all(started.map((gateway) => gateway.stop('SIGKILL')));
    await server.close();
    rmSync(parent, { recursive: true });
  });

  function deliver(user: string, fault: Fault): Buffer {
    const { bytes } = faultyMail(`${user} ${fault}`, fault);
    server.deliver(user, bytes, { flags: [] });
    return bytes;
  }

  /** Started as a user starts it; the quarantine outlives it. */
  async function start(): Promise<Gateway> {
    const gateway = await Gateway.start(
      { ports: server.ports, certificate: { cert: '', key: '' } },
      {
        quarantine: { path: quarantine },
        scan: { workers: 2, timeoutMs: 60_000, deadlineMs: 120_000 },
        env: { POSTERN_SCAN_FAULTS: '1' },
      },
    );
    started.push(gateway);
    return gateway;
  }

  const record = () => join(quarantine, 'unfinished-scans');
  const isRecorded = (digest: string) =>
    existsSync(record()) && readFileSync(record(), 'latin1').includes(digest);

  const isBeingScanned = (digest: string) =>
    readFileSync(record(), 'latin1').slice(0, suspectOffset(0)).includes(digest);

  async function assertBystanderReads(gateway: Gateway): Promise<void> {
    const seen = await read(gateway, 'bystander');
    assert.deepEqual(
      seen.map(({ bytes }) => bytes),
      clean,
    );
  }

  it('ends it twice; then it is kept from the threads, and everybody else reads on', async () => {
    const original = deliver('killer', 'kill');
    const digest = hash('sha256', original);
    for (const strikes of [0, 1]) {
      const gateway = await start();
      assert.deepEqual(await suspects(gateway), [strikes, 0]);
      await assertBystanderReads(gateway);
      await assert.rejects(read(gateway, 'killer'));
      assert.equal(await gateway.stop(), 137, 'the process was killed');
      assert.ok(isRecorded(digest));
    }
    const gateway = await start();
    assert.deepEqual(await suspects(gateway), [0, 1]);
    assert.match(gateway.output, new RegExp(`not scanned again.*|"refusedMessages":\\["${digest}"\\]`, 'u'));
    for (let attempt = 0; attempt < DEFERRALS; attempt += 1) {
      const [deferred] = await read(gateway, 'killer');
      assert.equal(deferred?.bytes, undefined);
    }
    const [neutralised] = await read(gateway, 'killer');
    const body = original.indexOf('\r\n\r\n') + 4;
    assert.equal(neutralised?.bytes?.length, original.length);
    assert.ok(neutralised.bytes.subarray(0, body).equals(original.subarray(0, body)));
    assert.ok(!neutralised.bytes.equals(original));
    await assertBystanderReads(gateway);
    const failed = ['verdict="unscannable"', 'cause="engine-failed"'];
    assert.equal(await gateway.metric('postern_scan_messages_total', ...failed), DEFERRALS + 1);
    assert.equal(await gateway.metric('postern_pool_task_failures_total'), 0, 'no thread was lost for it');
    assert.equal(await gateway.stop(), 0);
  });

  it('is looked for among those that were being scanned when it was killed, not when it was asked to stop', async () => {
    const digest = hash('sha256', deliver('slow', FOREVER));
    const endings = [
      { signal: 'SIGTERM', found: [0, 0] },
      { signal: 'SIGKILL', found: [0, 0] },
      { signal: 'SIGTERM', found: [1, 0] },
    ] as const;
    for (const { signal, found } of endings) {
      const gateway = await start();
      assert.deepEqual(await suspects(gateway), found);
      const reading = read(gateway, 'slow').catch(() => undefined);
      await eventually('the scan runs', WAIT_MS, async () => (isBeingScanned(digest) ? true : undefined));
      process.kill(gateway.pid, signal);
      await eventually('it is asked to stop, or was killed', WAIT_MS, async () =>
        isBeingScanned(digest) === (signal === 'SIGKILL') ? true : undefined,
      );
      await gateway.stop('SIGKILL'); // as a supervisor without patience
      await reading;
    }
    const gateway = await start();
    assert.deepEqual(await suspects(gateway), [1, 0], 'the strike of before, and no other');
    await gateway.stop();
  });

  it('cannot be told where the record cannot be written; mail is read all the same', async () => {
    mkdirSync(`${record()}.lock`, { recursive: true });
    const gateway = await start();
    assert.match(gateway.output, /"reason":"unable to open database file","msg":"cannot record which scans/u);
    await assertBystanderReads(gateway);
    assert.equal(await gateway.stop(), 0);
  });
});
