import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Daemon, runOk } from './harness/program.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';
import { freePorts } from './harness/free-ports.ts';
import { eventually } from './harness/wait.ts';

const PROJECT = join(import.meta.dirname, '../..');
const RULES = join(PROJECT, 'config/prometheus');
const UNIT_TESTS = globSync('tests/*.test.yaml', { cwd: RULES });
const USER = 'u1';
const QUERY_TIMEOUT_MS = 40_000;
/** What Grafana would put there for these scrapes. */
const RATE_INTERVAL = '10s';
/** Events that a healthy gateway has none of: their panels show a zero, and that is all that can be asked for. */
const OR_ZERO = ' or vector(0)';

/** Off by default; their panel has nothing to show then. */
const NOTICE = { keywords: ['$Phishing'], subjectTag: '[found] ' };

interface Target {
  readonly expr: string;
}
interface Dashboard {
  readonly title: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly Target[] }[];
}
interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

const DASHBOARDS = globSync('grafana/dashboards/*.json', { cwd: PROJECT }).map(
  (path) => JSON.parse(readFileSync(join(PROJECT, path), 'utf8')) as Dashboard,
);

/** Mail of both kinds over both protocols, again and again, until it is told to stop. */
async function traffic(dovecot: Dovecot, gateway: Gateway, signal: AbortSignal): Promise<void> {
  for (let round = 0; !signal.aborted; round += 1) {
    // what the verdict cache knows is not scanned again
    await dovecot.deliverAll(USER, realisticMail({ count: 1, totalBytes: 20_000 }, `panels ${round}`));
    const imap = await ImapReader.inbox(imapEndpoint(gateway, 'starttls'), USER);
    await imap.fetchAll();
    await imap.logout();
    const pop3 = await Pop3Reader.login(pop3Endpoint(gateway, 'tls'), USER);
    await pop3.retr(1);
    await pop3.quit();
  }
}

describe('the dashboards, with a real Prometheus and a gateway under load', () => {
  const cleanup = new Cleanup();
  let daemon: Daemon;
  let url = '';
  let metrics = '';

  async function query(expression: string): Promise<Answer> {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    return (await response.json()) as Answer;
  }

  /** Resolves when the expression has numbers; rejects with what Prometheus says of it. */
  async function hasData(expression: string): Promise<void> {
    await eventually(expression, QUERY_TIMEOUT_MS, async () => {
      daemon.assertRunning();
      const { data, error } = await query(expression);
      assert.equal(error, undefined);
      const numbers = data?.result.map(({ value }) => Number(value[1])) ?? [];
      return numbers.some(Number.isFinite) ? true : undefined;
    });
  }

  before(async () => {
    const dovecot = cleanup.owns(await Dovecot.start());
    await dovecot.deliverAll(USER, realisticMail({ count: 6, totalBytes: 200_000 }));
    await dovecot.deliverAll(USER, infectedMail().slice(0, 3));
    const gateway = cleanup.owns(await Gateway.start(dovecot, { notice: NOTICE }));
    const folder = await scratchFolder('panels');
    cleanup.add(() => removeFolder(folder));
    await cp(RULES, folder, { recursive: true });
    const [port = 0] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['recording-rules.yaml', 'alerts.yaml'],
      scrape_configs: [
        { job_name: 'postern', static_configs: [{ targets: [gateway.admin.replace('http://', '')] }] },
      ],
    };
    await writeFile(join(folder, 'prometheus.json'), JSON.stringify(config));
    daemon = cleanup.owns(
      new Daemon('prometheus', [
        `--config.file=${folder}/prometheus.json`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]),
    );
    const stop = new AbortController();
    const load = traffic(dovecot, gateway, stop.signal);
    load.catch(() => undefined); // awaited at the end; until then it is no unhandled rejection
    cleanup.add(() => {
      stop.abort();
      return load;
    });
    await eventually('Prometheus answers', QUERY_TIMEOUT_MS, async () => (await query('up')).data && true);
    metrics = await gateway.metrics();
  });
  after(() => cleanup.run());

  it('there are dashboards', () => {
    assert.ok(DASHBOARDS.length >= 4);
  });

  for (const { title, panels } of DASHBOARDS) {
    it(`${title}: every query of every panel returns numbers`, async () => {
      const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
      assert.ok(queries.length >= panels.length && panels.length > 0);
      const missing: string[] = [];
      const ask = async (expr: string) => {
        const name = /postern_\w+|process_\w+|up/u.exec(expr)?.[0] ?? '';
        if (expr.endsWith(OR_ZERO) && !metrics.includes(`# TYPE ${name} `)) {
          missing.push(`${expr}: the gateway has no ${name}`);
        }
        await hasData(expr.replaceAll('$__rate_interval', RATE_INTERVAL)).catch((error: unknown) =>
          missing.push(String(error)),
        );
      };
      // together: what has data soon does not wait for what never will
      await Promise.all(queries.map(ask));
      assert.deepEqual(missing, []);
    });
  }

  it('every recording rule has numbers, and every rule is healthy', async () => {
    const response = await fetch(`${url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      readonly data: {
        readonly groups: readonly {
          readonly rules: readonly {
            readonly name: string;
            readonly type: string;
            readonly health: string;
            readonly lastError?: string;
          }[];
        }[];
      };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    assert.deepEqual(
      rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
      [],
    );
    const records = rules.filter(({ type }) => type === 'recording');
    assert.ok(records.length >= 8);
    await Promise.all(records.map(({ name }) => hasData(name)));
  });

  it('alerts name metrics that the gateway has', () => {
    const text = readFileSync(join(RULES, 'alerts.yaml'), 'utf8');
    const names = [...text.matchAll(/\bpostern_\w+/gu)]
      .map(([name]) => name)
      .filter((name) => !text.includes(`:${name}`));
    assert.ok(names.length > 5);
    for (const name of names) {
      assert.match(metrics, new RegExp(`^# TYPE ${name.replace(/_bucket$/u, '')} `, 'mu'));
    }
  });
});

describe('rules of Prometheus', () => {
  it('pass promtool check and their unit tests', async () => {
    await runOk('promtool', ['check', 'rules', `${RULES}/recording-rules.yaml`, `${RULES}/alerts.yaml`]);
    await runOk('promtool', ['test', 'rules', ...UNIT_TESTS.map((name) => join(RULES, name))]);
  });

  it('every alert has a unit test that raises it and a section of the runbook', () => {
    const tested = UNIT_TESTS.map((name) => readFileSync(join(RULES, name), 'utf8')).join('\n');
    const names = [...readFileSync(`${RULES}/alerts.yaml`, 'utf8').matchAll(/alert: (\w+)/gu)].map(
      ([, name]) => name,
    );
    assert.ok(names.length > 10);
    const runbook = readFileSync(join(PROJECT, 'docs/RUNBOOK.md'), 'utf8');
    for (const name of names) {
      assert.match(tested, new RegExp(`alertname: ${name}\\n        exp_alerts:\\n`, 'u'));
      assert.match(runbook, new RegExp(`^## ${name}$`, 'mu'));
    }
  });
});
