import { useState } from 'preact/hooks';
import type { Drain } from './answers.ts';
import { Dialog } from './dialog.tsx';
import { filledForm } from './form-values.ts';
import { Failure, Loaded, useAction, useEvery, useLoading } from './loading.tsx';
import { Foreign, Moment } from './texts.tsx';
import { mayAct, type View } from './view.ts';

const REFRESH_MS = 2_000;

function DrainForm({
  api,
  onDone,
  onClose,
}: Pick<View, 'api'> & { onDone: () => void; onClose: () => void }) {
  const { isBusy, error, run } = useAction();
  const submit = (event: SubmitEvent): void => {
    const { reason } = filledForm(event).values;
    run(async () => {
      await api.send('POST', '/drain', { reason });
      onDone();
    });
  };
  return (
    <Dialog title="Drain this gateway?" onClose={onClose}>
      <p>
        It accepts no more connections and ends those that are open when they finish what they do. It cannot
        be taken back: afterwards only a restart serves mail again.
      </p>
      <form onSubmit={submit}>
        <label>
          Reason
          <input name="reason" required maxLength={200} autoComplete="off" />
        </label>
        <button type="submit" class="danger" disabled={isBusy}>
          Drain now
        </button>
        <Failure text={error} />
      </form>
    </Dialog>
  );
}

function State({ drain: { draining, since, reason, deadline, sessions } }: { readonly drain: Drain }) {
  if (!draining) return <p>It accepts connections. Open now: {sessions}.</p>;
  return (
    <p role="status">
      <span class="mark yellow">draining</span> since <Moment at={since} />: <Foreign text={reason} />.
      Sessions left: {sessions}; they are cut <Moment at={deadline} />. Restart the process to serve mail
      again.
    </p>
  );
}

/** Before maintenance: no new sessions, the open ones finish. */
export function DrainPanel({ api, who }: Pick<View, 'api' | 'who'>) {
  const loading = useLoading('drain', () => api.get<Drain>('/drain'));
  const [isAsking, setAsking] = useState(false);
  useEvery(REFRESH_MS, loading.reload);
  return (
    <section>
      <h2>Drain</h2>
      <Loaded loading={loading}>
        {(drain) => (
          <>
            <State drain={drain} />
            {!drain.draining && mayAct(who, 'administrator') && (
              <button type="button" class="danger" onClick={() => setAsking(true)}>
                Drain …
              </button>
            )}
          </>
        )}
      </Loaded>
      {isAsking && (
        <DrainForm
          api={api}
          onDone={() => {
            setAsking(false);
            loading.reload();
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}
