import type { Items, Session } from '../answers.ts';
import { DrainPanel } from '../drain-panel.tsx';
import { Failure, Loaded, useAction, useEvery, useLoading } from '../loading.tsx';
import { type Column, Table } from '../table.tsx';
import { Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

const REFRESH_MS = 5_000;

function Spoken({ protocol, isTunnel }: Session) {
  return (
    <>
      {protocol} {isTunnel && <span class="mark yellow">not scanned</span>}
    </>
  );
}

export function SessionsPage({ api, who }: View) {
  const sessions = useLoading('sessions', () => api.get<Items<Session>>('/sessions'));
  const { isBusy, error, run } = useAction();
  useEvery(REFRESH_MS, sessions.reload);
  const kick = async (id: string): Promise<void> => {
    await api.send('DELETE', `/sessions/${encodeURIComponent(id)}`);
    sessions.reload();
  };
  const columns: readonly Column<Session>[] = [
    { name: 'Since', cell: ({ startedAt }) => <Moment at={startedAt} /> },
    { name: 'User', cell: ({ user }) => <Foreign text={user} /> },
    { name: 'Client', cell: ({ client }) => client },
    { name: 'Program', cell: ({ application }) => <Foreign text={application} /> },
    { name: 'Protocol', cell: Spoken },
    {
      name: 'End',
      cell: ({ id, user, client }) => (
        <button
          type="button"
          disabled={isBusy}
          aria-label={`End the session of ${user === '' ? client : user}`}
          onClick={() => run(() => kick(id))}
        >
          End
        </button>
      ),
    },
  ];
  return (
    <>
      <Failure text={error} />
      <Loaded loading={sessions}>
        {({ items }) => (
          <Table
            caption="Mail sessions that are open now"
            columns={columns}
            rows={items}
            keyOf={({ id }) => id}
            empty="Nobody is connected."
          />
        )}
      </Loaded>
      <DrainPanel api={api} who={who} />
    </>
  );
}
