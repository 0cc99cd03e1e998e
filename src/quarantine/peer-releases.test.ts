import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { Secret } from '../base/secret.ts';
import { PeerReleases, RESYNC_MS } from './peer-releases.ts';
import { QuarantineDatabase } from './quarantine-database.ts';
import { SqliteAuditTrail } from './sqlite-audit-trail.ts';
import { SqliteReleaseBook } from './sqlite-release-book.ts';

const base = mkdtempSync(join(tmpdir(), 'postern-peers-'));
const closing: (() => void)[] = [];
after(() => {
  closing.forEach((close) => close());
  rmSync(base, { recursive: true });
});

const SHA = 'ab'.repeat(32);
const EVERY_MS = 1_000;
const REQUEST = { sha256: SHA, user: '', reason: 'false alarm', offerAnew: false, actor: 'user:eve' };
let folders = 0;

function open() {
  const database = new QuarantineDatabase(join(base, `q${(folders += 1)}`));
  closing.push(() => database.close());
  const clock = new FakeClock();
  const log = new RecordingLog();
  const audit = new SqliteAuditTrail(database, clock);
  return { book: new SqliteReleaseBook(database, audit, clock, log), audit, clock, log };
}
type Opened = ReturnType<typeof open>;

async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** What the API of the other gateway does. */
function serving({ book }: Opened, asked: string[]): RequestListener {
  return (request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://peer');
    asked.push(`${request.headers.authorization} ${searchParams.get('since')}`);
    const query = { since: Number(searchParams.get('since')), limit: Number(searchParams.get('limit')) };
    const cursor = searchParams.get('cursor') ?? undefined;
    void book.changes({ ...query, cursor }).then((page) => response.end(JSON.stringify(page)));
  };
}

const refusing: RequestListener = (_, response) => {
  response.statusCode = 401;
  response.end();
};

async function pass(from: Opened, to: Opened, name: string): Promise<number> {
  return to.book.adopt(name, (await from.book.changes({ since: 0, limit: 10 })).items);
}

function watch(t: TestContext, { book, clock, log }: Opened, url: string) {
  const told: (() => void)[] = [];
  const noted = {
    changes: book.changes.bind(book),
    adopt: async (peer: string, records: Parameters<typeof book.adopt>[1]) => {
      const count = await book.adopt(peer, records);
      told.splice(0).forEach((tell) => tell());
      return count;
    },
  };
  const peer = { name: 'mx2', url, token: new Secret('t'.repeat(16)) };
  const peers = new PeerReleases({ peers: [peer], everyMs: EVERY_MS, book: noted, clock, log });
  t.after(() => peers.close());
  const adopted = () => new Promise<void>((resolve) => void told.push(resolve));
  return { peers, adopted };
}

/** Until the next look is planned. */
async function planned({ clock }: Opened): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (clock.pendingTimers === 0) {
    assert.ok(performance.now() < deadline, 'the next look is not planned');
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}

describe('releases of other gateways', () => {
  it('hold here with the next look, and end with their withdrawal; both are in the audit trail', async (t) => {
    const [there, here] = [open(), open()];
    const asked: string[] = [];
    const { peers, adopted } = watch(t, here, await listen(t, serving(there, asked)));
    const { id } = await there.book.release({ ...REQUEST, user: 'ann' });
    const first = adopted();
    peers.start();
    await first;
    assert.deepEqual([here.book.find(SHA, 'ann')?.id, here.book.find(SHA, 'bob')], [id, undefined]);
    await planned(here);
    there.clock.advance(60_000);
    await there.book.withdraw(id, 'user:mallory');
    const second = adopted();
    here.clock.advance(EVERY_MS);
    await second;
    assert.equal(here.book.find(SHA, 'ann'), undefined);
    assert.deepEqual(
      here.audit.list({ limit: 5 }).items.map(({ actor, action }) => [actor, action]),
      [
        ['peer:mx2', 'withdraw'],
        ['peer:mx2', 'release'],
      ],
    );
    const since = there.clock.now() - 60_000 - 5_000;
    const token = `Bearer ${'t'.repeat(16)}`;
    assert.deepEqual(asked, [`${token} 0`, `${token} ${since}`]);
  });

  it('are read in pages, and all of them again after an hour', async (t) => {
    const [there, here] = [open(), open()];
    for (let i = 0; i < 201; i += 1) await there.book.release({ ...REQUEST, user: `user${i}` });
    const asked: string[] = [];
    const { peers, adopted } = watch(t, here, await listen(t, serving(there, asked)));
    const first = adopted();
    peers.start();
    await first;
    await planned(here);
    assert.equal((await here.book.list({ limit: 500 })).items.length, 201);
    assert.equal(asked.length, 2);
    for (const waitMs of [RESYNC_MS - EVERY_MS, EVERY_MS]) {
      here.clock.advance(waitMs);
      await planned(here);
    }
    assert.match(asked.at(-1) ?? '', / 0$/u);
  });

  it('are a warning once and a problem after a minute while the peer is away, and mail does not notice', async (t) => {
    const here = open();
    let answer = refusing;
    const url = await listen(t, (...call) => answer(...call));
    const { peers, adopted } = watch(t, here, url);
    peers.start();
    await planned(here);
    assert.deepEqual(peers.problems, []);
    for (let waited = 0; waited < 64_000; waited += 32_000) {
      here.clock.advance(32_000);
      await planned(here);
    }
    assert.match(peers.problems[0] ?? '', /mx2 are not known here: it answers 401/u);
    assert.equal(here.log.lines.filter(({ level }) => level === 'warn').length, 1);
    answer = serving(open(), []);
    const back = adopted();
    here.clock.advance(60_000);
    await back;
    await planned(here);
    assert.deepEqual(peers.problems, []);
  });

  for (const [what, body] of [
    ['no JSON', '<html>'],
    ['a digest that is none', JSON.stringify({ items: [{ id: 'x', sha256: 'zz' }], next: null })],
    ['too long an answer', 'x'.repeat(2 * 1024 * 1024 + 1)],
  ] as const) {
    it(`take over nothing of ${what}`, async (t) => {
      const here = open();
      const url = await listen(t, (_, response) => void response.end(body));
      const { peers } = watch(t, here, url);
      peers.start();
      await planned(here);
      assert.deepEqual((await here.book.list({ limit: 5, all: true })).items, []);
      assert.equal(here.log.lines.length, 1);
    });
  }

  it('reach a gateway that only hears of them, and go round no circle', async () => {
    const [a, b, c] = [open(), open(), open()];
    const { id } = await a.book.release(REQUEST);
    assert.deepEqual([await pass(a, b, 'a'), await pass(b, c, 'b'), await pass(c, a, 'c')], [1, 1, 0]);
    await c.book.withdraw(id, 'user:eve');
    assert.deepEqual([await pass(c, b, 'c'), await pass(b, a, 'b'), await pass(a, c, 'a')], [1, 1, 0]);
    assert.equal(await pass(a, b, 'a'), 0);
    for (const { book } of [a, b, c]) assert.equal(book.find(SHA, 'ann'), undefined);
  });
});
