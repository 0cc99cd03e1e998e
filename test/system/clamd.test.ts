import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseConfig } from '../../src/base/config/load.ts';
import { silentLogger } from '../../src/base/log.ts';
import { openScanPool } from '../../src/scanner-opening.ts';
import { mail, request, verdictOf } from '../../src/workers/pool-fixture.ts';
import type { ScanReport } from '../../src/scan/scanner.ts';
import { base64Lines } from '../corpus/mime-writer.ts';
import { Daemon } from './harness/program.ts';
import { removeFolder, scratchFolder } from './harness/scratch.ts';
import { freePorts } from './harness/free-ports.ts';
import { eventually, isListening } from './harness/wait.ts';

const SIGNATURE = 'Postern.Test';
const MARKER = ['POSTERN', 'CLAMD', 'MARKER'].join('-');
const STREAM_MAX_BYTES = 1024 * 1024;
const START_MS = 60_000;

/** A real clamd with a signature of ours and nothing else. */
class Clamd {
  readonly socket: string;
  readonly port: number;
  readonly #folder: string;
  #daemon: Daemon;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.socket = join(folder, 'clamd.sock');
    this.port = port;
    this.#daemon = this.#start();
  }

  static async start(): Promise<Clamd> {
    const folder = await scratchFolder('clamd');
    const [port = 0] = await freePorts(1);
    await mkdir(join(folder, 'db'));
    await writeFile(
      join(folder, 'db', 'postern.ndb'),
      `${SIGNATURE}:0:*:${Buffer.from(MARKER).toString('hex')}\n`,
    );
    const settings = [
      `DatabaseDirectory ${folder}/db`,
      `LocalSocket ${folder}/clamd.sock`,
      'FixStaleSocket yes',
      `TCPSocket ${port}`,
      'TCPAddr 127.0.0.1',
      `StreamMaxLength ${STREAM_MAX_BYTES}`,
      'Foreground yes',
      'MaxThreads 4',
    ];
    await writeFile(join(folder, 'clamd.conf'), settings.join('\n'));
    const clamd = new Clamd(folder, port);
    await clamd.#ready();
    return clamd;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.#daemon.pid, name);
  }

  async end(): Promise<void> {
    await this.#daemon.stop();
  }

  async again(): Promise<void> {
    this.#daemon = this.#start();
    await this.#ready();
  }

  async remove(): Promise<void> {
    await this.#daemon.stop();
    await removeFolder(this.#folder);
  }

  #start(): Daemon {
    return new Daemon('clamd', [`--config-file=${this.#folder}/clamd.conf`]);
  }

  async #ready(): Promise<void> {
    await eventually(
      'clamd listens',
      START_MS,
      async () => {
        this.#daemon.assertRunning();
        return await isListening(this.port);
      },
      () => this.#daemon.output,
    );
  }
}

/** Marker in base64, so that it is found in what the gateway decoded. */
function marked(): Buffer {
  const lines = [
    'Subject: test',
    'MIME-Version: 1.0',
    'Content-Type: application/octet-stream; name="a.bin"',
    'Content-Transfer-Encoding: base64',
    '',
    base64Lines(Buffer.from(`xx ${MARKER} xx`)),
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

/** Judges `content` as the configuration says. */
async function scan(settings: Readonly<Record<string, unknown>>, content: Buffer): Promise<ScanReport> {
  const text = JSON.stringify({
    upstream: { host: 'upstream.invalid' },
    scan: { workers: 1, clamd: { timeoutMs: 3_000, ...settings } },
  });
  const config = parseConfig({ name: 'test', text }, { env: {} });
  const { pool } = await openScanPool(config, silentLogger);
  try {
    return await pool.scan(request(content));
  } finally {
    await pool.close();
  }
}

const large = (): Buffer => mail('x'.repeat(STREAM_MAX_BYTES + 1));

describe('clamd as a second engine', () => {
  let clamd: Clamd;
  before(async () => {
    clamd = await Clamd.start();
  });
  after(async () => await clamd.remove());

  for (const place of ['socket', 'server'] as const) {
    it(`finds what it knows in a decoded part, over its ${place}`, async () => {
      const where = place === 'socket' ? { socket: clamd.socket } : { server: '127.0.0.1', port: clamd.port };
      const { verdict } = await scan(where, marked());
      assert.equal(verdict.kind, 'malicious');
      const [finding] = verdict.findings;
      assert.deepEqual(
        [finding?.engine, finding?.rule, finding?.part],
        ['clamd', `${SIGNATURE}.UNOFFICIAL`, '1'],
      );
      assert.equal(verdictOf(await scan(where, mail('nothing to find'))), 'clean');
    });
  }

  it('says too-large for a piece above StreamMaxLength, or goes without it when that is configured', async () => {
    assert.equal(verdictOf(await scan({ socket: clamd.socket }, large())), 'unscannable too-large');
    const report = await scan({ socket: clamd.socket, failure: 'ignore' }, large());
    assert.equal(verdictOf(report), 'clean');
    assert.deepEqual(report.observed?.ignored, [{ engine: 'clamd', cause: 'too-large' }]);
  });

  it('says timeout when clamd is slow, or goes without it when that is configured', async () => {
    clamd.signal('SIGSTOP');
    try {
      const slow = { socket: clamd.socket, timeoutMs: 300 };
      assert.equal(verdictOf(await scan(slow, mail('hello'))), 'unscannable timeout');
      const report = await scan({ ...slow, failure: 'ignore' }, mail('hello'));
      assert.equal(verdictOf(report), 'clean');
      assert.deepEqual(report.observed?.ignored, [{ engine: 'clamd', cause: 'timeout' }]);
    } finally {
      clamd.signal('SIGCONT');
    }
  });

  it('says engine-failed when clamd is gone, and works again when it is back', async () => {
    await clamd.end();
    assert.equal(verdictOf(await scan({ socket: clamd.socket }, mail('hello'))), 'unscannable engine-failed');
    const report = await scan({ server: '127.0.0.1', port: clamd.port, failure: 'ignore' }, mail('hello'));
    assert.equal(verdictOf(report), 'clean');
    assert.deepEqual(report.observed?.ignored, [{ engine: 'clamd', cause: 'engine-failed' }]);
    await clamd.again();
    assert.equal(verdictOf(await scan({ socket: clamd.socket }, mail('hello'))), 'clean');
  });
});
