import type { Statistics, Status } from '../answers.ts';
import { useLiveEvents } from '../live-events.ts';
import { Loaded, useEvery, useLoading } from '../loading.tsx';
import { Facts } from '../table.tsx';
import { bytesText, Foreign, Moment } from '../texts.tsx';
import { ThroughputCharts } from '../throughput-charts.tsx';
import type { View } from '../view.ts';

/** Conditions that no event tells of, such as a full disk, are seen this soon. */
const REFRESH_MS = 10_000;

const LEVELS: Readonly<Record<Status['level'], string>> = {
  green: 'Green: mail is protected',
  yellow: 'Yellow: something needs attention',
  red: 'Red: mail is not protected as it should be',
};

/** Where in the console something can be done about it. */
const PLACES: readonly (readonly [codes: RegExp, page: string, title: string])[] = [
  [/^(?:protection-off|monitor-mode|protocol-off|tls-filter-off|switched-on)/u, 'protection', 'Protection'],
  [/^alerts/u, 'alerts', 'Alerts'],
  [/^exclusions/u, 'exclusions', 'Exclusions'],
  [/^rule/u, 'rules', 'Rules'],
  [/^quarantine/u, 'quarantine', 'Quarantine'],
  [/^draining/u, 'sessions', 'Sessions'],
];

function Where({ code }: { readonly code: string }) {
  const [, page, title] = PLACES.find(([codes]) => codes.test(code)) ?? [];
  return page === undefined ? null : <a href={`#/${page}`}>{title}</a>;
}

function Level({ status }: { readonly status: Status }) {
  return (
    <section aria-live="polite" class={`level ${status.level}`} data-level={status.level}>
      <h2>{LEVELS[status.level]}</h2>
      <ul>
        {status.reasons.map(({ level, code, text, remedy }) => (
          <li key={`${code} ${text}`}>
            <span class={`mark ${level}`}>{level}</span> <Foreign text={text} />
            <br />
            <span class="quiet">Remedy:</span> <Foreign text={remedy} /> <Where code={code} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function About({ status }: { readonly status: Status }) {
  const { quarantine, endpoints } = status;
  const room = quarantine.quotaBytes === 0 ? 'no limit' : bytesText(quarantine.quotaBytes);
  return (
    <Facts
      facts={[
        ['Protection', status.protection ? `on, mode ${status.mode}` : 'off'],
        ['Draining', status.draining ? 'yes' : 'no'],
        ['Version', status.version],
        ['Running since', <Moment at={status.startedAt} />],
        ['Rule set', <code>{status.generation}</code>],
        ['Quarantine', `${quarantine.objects} originals, ${bytesText(quarantine.bytes)} of ${room}`],
        ['Listens on', endpoints.map((one) => `${one.protocol} ${one.address}:${one.port}`).join(', ')],
      ]}
    />
  );
}

function Today({ statistics: { total } }: { readonly statistics: Statistics }) {
  const unscanned = Object.entries(total.unscanned).map(([cause, count]) => `${cause} ${count}`);
  return (
    <Facts
      facts={[
        ['Scanned', `${total.scanned} messages, ${bytesText(total.bytes)}`],
        ['Infected', total.infected],
        ['Suspicious', total.suspicious],
        ['Neutralised', total.neutralised],
        ['Blocked', total.blocked],
        ['Deferred', total.deferred],
        ['Unscanned', unscanned.length === 0 ? '0' : unscanned.join(', ')],
      ]}
    />
  );
}

export function StatusPage({ api }: View) {
  const status = useLoading('status', () => api.get<Status>('/status'));
  const statistics = useLoading('statistics', () => api.get<Statistics>('/statistics'));
  const refresh = (): void => {
    status.reload();
    statistics.reload();
  };
  useLiveEvents(refresh);
  useEvery(REFRESH_MS, refresh);
  return (
    <>
      <Loaded loading={status}>{(value) => <Level status={value} />}</Loaded>
      <section>
        <h2>Now</h2>
        <ThroughputCharts />
      </section>
      <section>
        <h2>The last 30 days</h2>
        <Loaded loading={statistics}>{(value) => <Today statistics={value} />}</Loaded>
      </section>
      <section>
        <h2>This gateway</h2>
        <Loaded loading={status}>{(value) => <About status={value} />}</Loaded>
      </section>
    </>
  );
}
