import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Budget, ScanLimitError } from '../scan/budget.ts';
import type { Engine } from '../scan/engines/engine.ts';
import type { UnscannableCause } from '../scan/verdict.ts';
import { createClamdEngine } from './clamd-engine.ts';
import { LIMITS, mail, OPTIONS, request, verdictOf } from './pool-fixture.ts';
import type { ClamdOptions } from './scan-job.ts';
import { createScanPool } from './scan-pool.ts';

/** Speaks just enough INSTREAM: collects one stream, answers what `reply` says about it. */
class FakeClamd {
  readonly server: Server;
  readonly streams: string[] = [];
  connections = 0;
  reply: (content: string) => string | undefined = () => 'stream: OK';
  /** Ends the session after each answer, as after an idle time. */
  hangsUp = false;
  /** Longer streams are refused by their length, and the session ends. */
  maxStreamBytes = Number.POSITIVE_INFINITY;
  readonly #sockets = new Set<Socket>();

  constructor() {
    this.server = createServer((socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      this.#serve(socket);
    });
  }

  async listen(path: string | undefined, port = 0): Promise<void> {
    this.server.listen(path === undefined ? { port, host: '127.0.0.1' } : { path });
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (this.server.listening) {
      const closed = once(this.server, 'close');
      this.server.close();
      for (const socket of this.#sockets) {
        socket.destroy();
      }
      await closed;
    }
  }

  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    let count = 0;
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const start = received.indexOf('zINSTREAM\0');
      if (start !== -1 && announced(received.subarray(start + 10)) > this.maxStreamBytes) {
        socket.end('INSTREAM size limit exceeded. ERROR\0', () => socket.destroy());
        return;
      }
      const content = start === -1 ? undefined : readStream(received.subarray(start + 10));
      if (content === undefined) {
        return;
      }
      received = Buffer.alloc(0);
      count += 1;
      this.streams.push(content);
      const reply = this.reply(content);
      if (reply !== undefined) {
        socket.write(`${count}: ${reply}\0`);
      }
      if (this.hangsUp) {
        socket.removeAllListeners('data').end();
      }
    });
  }
}

function announced(bytes: Buffer): number {
  return bytes.byteLength < 4 ? 0 : bytes.readUInt32BE(0);
}

function readStream(bytes: Buffer): string | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  while (bytes.byteLength >= at + 4) {
    const length = bytes.readUInt32BE(at);
    if (length === 0) {
      return Buffer.concat(parts).toString('latin1');
    }
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}

async function withClamd(
  use: (clamd: FakeClamd, engine: Engine, options: ClamdOptions) => Promise<void>,
  { timeoutMs = 5_000, now = (): number => 0 } = {},
): Promise<void> {
  const clamd = new FakeClamd();
  await clamd.listen(undefined);
  // oxlint-disable-next-line typescript/consistent-type-assertions -- a TCP server that listens has this address
  const { port } = clamd.server.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, timeoutMs };
  try {
    await use(clamd, createClamdEngine(options, now), options);
  } finally {
    await clamd.stop();
  }
}

const budget = () => new Budget(LIMITS, () => 0);
const piece = (text: string) => ({ path: '2', bytes: Buffer.from(text), depth: 0 });
const inspect = async (engine: Engine, text: string) => await engine.inspect(piece(text), 'd', budget());
const causes = (cause: UnscannableCause) => (reason: unknown) =>
  reason instanceof ScanLimitError && reason.scanCause === cause;

describe('clamd engine', () => {
  it('reports what clamd finds, with the piece', async () => {
    await withClamd(async (clamd, engine) => {
      clamd.reply = (content) => `stream: Test.${content} FOUND`;
      assert.deepEqual(await inspect(engine, 'Marker'), [
        {
          engine: 'clamd',
          rule: 'Test.Marker',
          namespace: 'clamd',
          class: 'malicious',
          severity: 'high',
          part: '2',
          sha256: 'd',
        },
      ]);
    });
  });

  it('calls potentially unwanted things and guesses suspicious', async () => {
    await withClamd(async (clamd, engine) => {
      clamd.reply = (content) => `stream: ${content} FOUND`;
      const classes = await Promise.all(
        ['PUA.Win.Tool', 'Heuristics.Phishing.Email', 'Win.Test'].map(async (name) => {
          return (await inspect(engine, name)).map((finding) => finding.class);
        }),
      );
      assert.deepEqual(classes.flat(), ['suspicious', 'suspicious', 'malicious']);
    });
  });

  it('uses one connection for piece after piece, and sends nothing for an empty one', async () => {
    await withClamd(async (clamd, engine) => {
      assert.deepEqual(await inspect(engine, 'one'), []);
      assert.deepEqual(await inspect(engine, ''), []);
      assert.deepEqual(await inspect(engine, 'two'), []);
      assert.deepEqual([clamd.streams, clamd.connections], [['one', 'two'], 1]);
    });
  });

  it('connects anew when clamd ended the session meanwhile', async () => {
    await withClamd(async (clamd, engine) => {
      clamd.hangsUp = true;
      assert.deepEqual(await inspect(engine, 'one'), []);
      assert.deepEqual(await inspect(engine, 'two'), []);
      assert.deepEqual([clamd.streams, clamd.connections], [['one', 'two'], 2]);
    });
  });

  it('never takes for clean what clamd could not look at', async () => {
    const replies: [string, UnscannableCause][] = [
      ['stream: Heuristics.Encrypted.Zip FOUND', 'encrypted'],
      ['stream: Heuristics.Limits.Exceeded.MaxRecursion FOUND', 'too-deep'],
      ['stream: Heuristics.Limits.Exceeded.MaxScanTime FOUND', 'timeout'],
      ['stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND', 'bomb'],
      ['INSTREAM size limit exceeded. ERROR', 'too-large'],
      ['stream: lstat() failed ERROR', 'engine-failed'],
      ['', 'engine-failed'],
      ['x'.repeat(5_000), 'engine-failed'],
    ];
    for (const [reply, cause] of replies) {
      await withClamd(async (clamd, engine) => {
        clamd.reply = () => reply;
        await assert.rejects(inspect(engine, 'x'), causes(cause), reply);
      });
    }
  });

  it('calls a piece too large that clamd refuses by its length, and asks again for the next one', async () => {
    await withClamd(async (clamd, engine) => {
      clamd.maxStreamBytes = 64 * 1024;
      assert.deepEqual(await inspect(engine, 'x'.repeat(64 * 1024)), []);
      await assert.rejects(inspect(engine, 'x'.repeat(64 * 1024 + 1)), causes('too-large'));
      assert.deepEqual(await inspect(engine, 'y'), []);
    });
  });

  it('says timeout when clamd does not answer', async () => {
    await withClamd(
      async (clamd, engine) => {
        clamd.reply = () => undefined;
        await assert.rejects(inspect(engine, 'x'), causes('timeout'));
      },
      { timeoutMs: 20 },
    );
  });

  it('says engine-failed when clamd is gone, and tries again only after a while', async () => {
    let now = 0;
    await withClamd(
      async (clamd, engine, { port = 0 }) => {
        await clamd.stop();
        await assert.rejects(inspect(engine, 'x'), causes('engine-failed'));
        await clamd.listen(undefined, port);
        now = 999;
        await assert.rejects(inspect(engine, 'x'), causes('engine-failed'));
        now = 1_000;
        assert.deepEqual(await inspect(engine, 'x'), []);
      },
      { now: () => now },
    );
  });

  it('speaks over a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-clamd-'));
    const clamd = new FakeClamd();
    await clamd.listen(join(folder, 'clamd'));
    const engine = createClamdEngine({ socket: join(folder, 'clamd'), timeoutMs: 5_000 }, () => 0);
    assert.deepEqual(await inspect(engine, 'x'), []);
    await clamd.stop();
    rmSync(folder, { recursive: true });
  });

  it('works in the pool beside the rules, on the decoded pieces in shared memory', async () => {
    await withClamd(async (clamd, _, options) => {
      clamd.reply = (content) => (content.includes('for clamd') ? 'stream: Only.Clamd FOUND' : 'stream: OK');
      const pool = await createScanPool({ ...OPTIONS, clamd: options });
      const encoded = mail(
        Buffer.from('this is for clamd').toString('base64'),
        'Content-Transfer-Encoding: base64',
      );
      const plain = mail('this is for nobody');
      const reports = [await pool.scan(request(encoded)), await pool.scan(request(plain))];
      await pool.close();
      assert.deepEqual(reports.map(verdictOf), ['malicious', 'clean']);
    });
  });

  it('is not asked about the mail that threads practise on before the pool is ready', async () => {
    await withClamd(async (clamd, _, options) => {
      const asked = async (rehearsalMs: number): Promise<Set<string>> => {
        const [start, before] = [performance.now(), clamd.streams.length];
        const pool = await createScanPool({ ...OPTIONS, clamd: options, rehearsalMs });
        assert.ok(performance.now() - start >= rehearsalMs / 2, 'it has practised');
        await pool.close();
        // How often the same is asked depends on which thread comes up first, what is asked does not.
        return new Set(
          clamd.streams.slice(before).map((stream) => stream.replace(/self-test-[\da-f-]+/u, 'self-test')),
        );
      };
      const without = await asked(0);
      assert.ok(without.size > 0, 'the self-test is asked about');
      assert.deepEqual(await asked(2_000), without);
    });
  });

  it('makes a message unscannable, not clean, in the pool when clamd is gone', async () => {
    await withClamd(async (clamd, _, options) => {
      const pool = await createScanPool({ ...OPTIONS, clamd: options });
      await clamd.stop();
      assert.equal(verdictOf(await pool.scan(request(mail('x')))), 'unscannable engine-failed');
      await pool.close();
    });
  });
});
