import type { DeadAlert, DeadAlerts } from '../answers.ts';
import { Failure, Loaded, useAction, useEvery, useLoading } from '../loading.tsx';
import { type Column, Facts, Table } from '../table.tsx';
import { Digest, Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

const REFRESH_MS = 5_000;
const MAX_SHOWN = 5;

function What({ alerts, unlisted }: DeadAlert) {
  const more = Math.max(0, alerts.length - MAX_SHOWN) + unlisted;
  return (
    <ul class="plain">
      {alerts.slice(0, MAX_SHOWN).map(({ sha256, severity, verdict, cause, rules }) => (
        <li key={sha256}>
          <a href={`#/detections/${sha256}`}>
            <Digest sha256={sha256} />
          </a>{' '}
          {severity}, {cause === '' ? verdict : cause} <Foreign text={rules.slice(0, 3).join(', ')} />
        </li>
      ))}
      {more > 0 && <li>and {more} more</li>}
    </ul>
  );
}

type Change = (method: 'POST' | 'DELETE', path: string) => void;

function columnsFor(isBusy: boolean, change: Change): readonly Column<DeadAlert>[] {
  return [
    { name: 'Time', cell: ({ at }) => <Moment at={at} /> },
    { name: 'Receiver', cell: ({ receiver }) => <Foreign text={receiver} /> },
    { name: 'Why', cell: ({ why }) => <Foreign text={why} /> },
    { name: 'What', cell: What },
    {
      name: 'Do',
      cell: ({ id, receiver }) => (
        <>
          <button
            type="button"
            disabled={isBusy}
            aria-label={`Try again at ${receiver}`}
            onClick={() => change('POST', `${id}/retry`)}
          >
            Try again
          </button>
          <button
            type="button"
            class="danger"
            disabled={isBusy}
            aria-label={`Discard the alert to ${receiver}`}
            onClick={() => change('DELETE', id)}
          >
            Discard
          </button>
        </>
      ),
    },
  ];
}

/** Alerts that did not arrive: try again, or forget. */
export function AlertsPage({ api }: View) {
  const loading = useLoading('alerts', () => api.get<DeadAlerts>('/notifications/dead-letters'));
  const { isBusy, error, run } = useAction();
  useEvery(REFRESH_MS, loading.reload);
  const change: Change = (method, path) =>
    run(async () => {
      await api.send(method, `/notifications/dead-letters/${path}`);
      loading.reload();
    });
  const columns = columnsFor(isBusy, change);
  return (
    <>
      <Failure text={error} />
      <Loaded loading={loading}>
        {({ items, total, waiting }) => (
          <>
            <Facts
              facts={[
                ['Waiting for a receiver', waiting],
                ['Did not arrive since the start', total],
              ]}
            />
            <Table
              caption="Alerts that did not arrive, newest first"
              columns={columns}
              rows={items}
              keyOf={({ id }) => id}
              empty="Every alert arrived, or nobody is to be told: see notifications in the configuration."
            />
          </>
        )}
      </Loaded>
      <p class="quiet">
        The newest 100 are kept until a restart; the log has all. First correct the receiver or the
        configuration, then try again.
      </p>
    </>
  );
}
