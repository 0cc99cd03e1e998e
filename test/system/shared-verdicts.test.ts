import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint } from './harness/mail-server.ts';
import { Redis } from './harness/redis.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const SECRET = 'a secret of the gateways'.replaceAll(' ', '-').padEnd(32, 'x');
const USER = 'u1';
const PATIENCE_MS = 60_000;

const seesDown = async (by: Gateway, down: number) =>
  await eventually('the cache has that state', PATIENCE_MS, async () =>
    (await by.metric('postern_shared_cache_down')) === down ? true : undefined,
  );

describe('verdicts that gateways share in Redis', () => {
  const cleanup = new Cleanup();
  const [infected] = infectedMail();
  const clean = realisticMail({ count: 5, totalBytes: 200_000 });
  let dovecot: Dovecot;
  let redis: Redis;

  before(async () => {
    assert.ok(infected !== undefined);
    dovecot = cleanup.owns(await Dovecot.start());
    redis = cleanup.owns(await Redis.place());
    await dovecot.deliverAll(USER, [...clean, infected]);
  });
  after(() => cleanup.run());

  /** A gateway for one test, in front of the same mailbox. */
  async function gateway(secret = SECRET): Promise<Gateway> {
    const sharedVerdicts = { url: redis.url, secret };
    return await Gateway.start(dovecot, { scan: { workers: 2, sharedVerdicts } });
  }

  /** All messages of the mailbox; the infected one has to come as a substitute, the others as they are. */
  async function readAll(by: Gateway): Promise<number> {
    const startedAt = performance.now();
    const reader = await ImapReader.inbox(imapEndpoint(by, 'clear'), USER);
    for (const [index, { bytes }] of clean.entries()) {
      const [response] = (await reader.ok(`FETCH ${index + 1} BODY.PEEK[]`)).untagged;
      assert.ok(response?.literals[0]?.equals(bytes) === true, `message ${index + 1}`);
    }
    const [response] = (await reader.ok(`FETCH ${clean.length + 1} BODY.PEEK[]`)).untagged;
    const substitute = response?.literals[0];
    assert.ok(substitute !== undefined && infected !== undefined);
    assert.equal(substitute.length, infected.bytes.length);
    assert.ok(!substitute.equals(infected.bytes), 'malware is replaced');
    await reader.ok('LOGOUT');
    return performance.now() - startedAt;
  }

  async function withGateway<T>(use: (one: Gateway) => Promise<T>, secret?: string): Promise<T> {
    const one = await gateway(secret);
    try {
      return await use(one);
    } finally {
      await one.stop();
    }
  }

  it('starts and protects while Redis is away, and uses it when it comes', async () => {
    await withGateway(async (one) => {
      await seesDown(one, 1);
      await readAll(one);
      assert.ok((await one.metric('postern_shared_cache_lookups_total', 'outcome="unavailable"')) >= 6);
      await redis.start();
      await seesDown(one, 0);
    });
  });

  it('spares the second gateway every scan, also that of malware', async () => {
    await redis.command('flushall');
    await withGateway(async (one) => {
      await readAll(one);
      await eventually('all are stored', PATIENCE_MS, async () =>
        (await redis.keys()).length >= clean.length + 1 ? true : undefined,
      );
    });
    await withGateway(async (other) => {
      await readAll(other);
      assert.equal(
        await other.metric('postern_shared_cache_lookups_total', 'outcome="hit"'),
        clean.length + 1,
      );
      assert.equal(await other.metric('postern_scan_pieces_total'), 0);
    });
  });

  it('shares nothing with a gateway that has another secret', async () => {
    await withGateway(async (stranger) => {
      await readAll(stranger);
      assert.equal(await stranger.metric('postern_shared_cache_lookups_total', 'outcome="hit"'), 0);
    }, 'another-secret-that-is-long-enough');
  });

  it('believes nothing that somebody else wrote: garbage, and a clean verdict in the place of another', async () => {
    const keys = await redis.keys();
    assert.ok(keys.length > 6);
    // Every entry becomes a copy of the first one, which is sound in its own place.
    for (const key of keys.slice(1)) await redis.command('copy', keys[0] ?? '', key, 'replace');
    await redis.command('set', keys[0] ?? '', 'garbage');
    await withGateway(async (one) => {
      await readAll(one);
      assert.ok(
        (await one.metric('postern_shared_cache_lookups_total', 'outcome="rejected"')) >= clean.length,
      );
    });
  });

  it('goes on without Redis when it hangs, and with it again later', async () => {
    await redis.command('flushall');
    await withGateway(async (one) => {
      await seesDown(one, 0);
      redis.hang();
      await readAll(one);
      await seesDown(one, 1);
      assert.ok((await one.metric('postern_shared_cache_lookups_total', 'outcome="failed"')) >= 1);
      redis.goOn();
      await seesDown(one, 0);
    });
  });

  it('survives a restart of Redis', async () => {
    await withGateway(async (one) => {
      await seesDown(one, 0);
      await redis.end();
      await readAll(one);
      await redis.start();
      await seesDown(one, 0);
    });
  });
});
