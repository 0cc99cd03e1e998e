import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint } from './harness/mail-server.ts';
import { Daemon, runOk } from './harness/program.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';
import { freePorts } from './harness/free-ports.ts';
import { eventually } from './harness/wait.ts';

const USER = 'u1';

interface QueryAnswer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/** A real Prometheus that scrapes one target every second. */
class Prometheus {
  readonly #daemon: Daemon;
  readonly #folder: string;
  readonly #url: string;

  private constructor(daemon: Daemon, folder: string, port: number) {
    this.#daemon = daemon;
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async start(target: string): Promise<Prometheus> {
    const folder = await scratchFolder('prometheus');
    const [port = 0] = await freePorts(1);
    const config = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'postern', static_configs: [{ targets: [target] }] }],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
    const daemon = new Daemon('prometheus', [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    return new Prometheus(daemon, folder, port);
  }

  /** The value of an expression once it exists. */
  value(expression: string): Promise<number> {
    const url = `${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`;
    return eventually(
      expression,
      30_000,
      async () => {
        this.#daemon.assertRunning();
        const answer = (await (await fetch(url)).json()) as QueryAnswer;
        const [sample] = answer.data.result;
        return sample === undefined ? undefined : Number(sample.value[1]);
      },
      () => this.#daemon.output,
    );
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
    await removeFolder(this.#folder);
  }
}

describe('a real Prometheus', () => {
  const cleanup = new Cleanup();
  const infected = infectedMail();
  let gateway: Gateway;
  let prometheus: Prometheus;

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, infected);
    gateway = cleanup.owns(await Gateway.start(dovecot));
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), USER);
    await reader.fetchAll();
    await reader.logout();
    prometheus = cleanup.owns(await Prometheus.start(gateway.admin.replace('http://', '')));
  });
  after(() => cleanup.run());

  it('scrapes the gateway', async () => {
    assert.equal(await prometheus.value('up{job="postern"} == 1'), 1);
  });

  it('sees what was neutralised', async () => {
    const expression = 'sum(postern_scan_messages_total{verdict="malicious",action="neutralise"})';
    assert.equal(await prometheus.value(expression), infected.length);
  });

  it('can compute the added latency from the histogram', async () => {
    const bucket = 'sum by (le) (postern_gateway_added_latency_seconds_bucket)';
    const seconds = await prometheus.value(`histogram_quantile(0.9, ${bucket})`);
    assert.ok(seconds > 0 && seconds < 60, `${seconds} s`);
  });

  it('finds nothing to complain about in the metrics (promtool check metrics)', async () => {
    await runOk('promtool', ['check', 'metrics'], { input: await gateway.metrics() });
  });
});
