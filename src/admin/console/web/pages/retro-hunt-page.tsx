import type { Items, RetroHunt, RetroHuntReport } from '../answers.ts';
import { filledForm } from '../form-values.ts';
import { HuntReport } from '../hunt-report.tsx';
import { Failure, Loaded, useAction, useEvery, useLoading } from '../loading.tsx';
import { Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

const REFRESH_MS = 2_000;

const ENDS: Readonly<Record<RetroHunt['state'], string>> = {
  never: 'None was started since the gateway runs.',
  running: '',
  done: 'The newest one is done.',
  stopped: 'The newest one was stopped; the report below is of the one before.',
  failed: 'The newest one failed; the log has the reason. The report below is of the one before.',
};

function Progress({ hunt }: { readonly hunt: RetroHunt }) {
  const { state, looked, originals, startedAt, startedBy, days } = hunt;
  if (state !== 'running') return <p role="status">{ENDS[state]}</p>;
  return (
    <div>
      <p role="status">
        Running since <Moment at={startedAt} />, {days} days back, started by <Foreign text={startedBy} />.
      </p>
      <label>
        {looked} originals of at most {originals}
        <progress value={looked} max={Math.max(1, originals)} />
      </label>
    </div>
  );
}

function Control({ api, hunt, onChange }: Pick<View, 'api'> & { hunt: RetroHunt; onChange: () => void }) {
  const { isBusy, error, run } = useAction();
  const change = (action: () => Promise<unknown>): void => run(async () => (await action(), onChange()));
  const start = (event: SubmitEvent): void => {
    const { days } = filledForm(event).values;
    change(() => api.send('POST', '/retro-hunt', { days: Number(days) }));
  };
  if (hunt.state === 'running') {
    return (
      <>
        <button
          type="button"
          disabled={isBusy}
          onClick={() => change(() => api.send('DELETE', '/retro-hunt'))}
        >
          Stop
        </button>
        <Failure text={error} />
      </>
    );
  }
  return (
    <form onSubmit={start}>
      <label>
        Days back
        <input name="days" type="number" min={1} max={3650} defaultValue="30" required />
      </label>
      <button type="submit" disabled={isBusy}>
        Start a retro-hunt
      </button>
      <Failure text={error} />
    </form>
  );
}

function Automatic({ api }: Pick<View, 'api'>) {
  const loading = useLoading('hunts', () => api.get<Items<RetroHuntReport>>('/detections/retro-hunts'));
  return (
    <section>
      <h2>After changes of the rules</h2>
      <Loaded loading={loading}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">The rules did not change yet.</p>
          ) : (
            items.map((report) => (
              <details key={`${report.startedAt} ${report.generation}`}>
                <summary>
                  <Moment at={report.startedAt} />, rule set <code>{report.generation}</code>:{' '}
                  {report.nowBad.length === 0 ? 'nothing new is bad' : `${report.nowBad.length} bad today`}
                </summary>
                <HuntReport report={report} />
              </details>
            ))
          )
        }
      </Loaded>
    </section>
  );
}

/** Judge again what was seen, with the rules of today. */
export function RetroHuntPage({ api }: View) {
  const loading = useLoading('retro-hunt', () => api.get<RetroHunt>('/retro-hunt'));
  useEvery(REFRESH_MS, loading.reload);
  return (
    <>
      <p class="quiet">
        Judges the originals in the quarantine again with the rules of today, and looks up who was given the
        same content before. One original at a time, behind everybody who reads mail. The report is kept until
        the next one or a restart.
      </p>
      <Loaded loading={loading}>
        {(hunt) => (
          <>
            <Control api={api} hunt={hunt} onChange={loading.reload} />
            <Progress hunt={hunt} />
            {hunt.report !== null && (
              <section>
                <h2>Report</h2>
                <HuntReport report={hunt.report} />
              </section>
            )}
          </>
        )}
      </Loaded>
      <Automatic api={api} />
    </>
  );
}
