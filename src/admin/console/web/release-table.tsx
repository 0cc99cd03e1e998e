import type { ApiClient } from './api-client.ts';
import type { Release } from './answers.ts';
import { Failure, useAction } from './loading.tsx';
import { type Column, Table } from './table.tsx';
import { Digest, Foreign, Moment } from './texts.tsx';

/** Releases with a button to withdraw each that holds. */
export function ReleaseTable(props: {
  readonly api: ApiClient;
  readonly releases: readonly Release[];
  readonly onChange: () => void;
}) {
  const { api, releases, onChange } = props;
  const { isBusy, error, run } = useAction();
  const withdraw = async (id: string): Promise<void> => {
    await api.send('DELETE', `/releases/${id}`);
    onChange();
  };
  const columns: readonly Column<Release>[] = [
    { name: 'Time', cell: ({ at }) => <Moment at={at} /> },
    {
      name: 'Content',
      cell: ({ sha256 }) => (
        <a href={`#/quarantine/${sha256}`}>
          <Digest sha256={sha256} />
        </a>
      ),
    },
    { name: 'For', cell: ({ user }) => (user === '' ? 'everybody' : <Foreign text={user} />) },
    { name: 'Reason', cell: ({ reason }) => <Foreign text={reason} /> },
    { name: 'By', cell: ({ actor }) => <Foreign text={actor} /> },
    { name: 'Still to be offered', cell: ({ pendingOffers }) => pendingOffers },
    {
      name: 'Withdrawn',
      cell: ({ id, withdrawnAt }) =>
        withdrawnAt === null ? (
          <button type="button" disabled={isBusy} onClick={() => run(() => withdraw(id))}>
            Withdraw
          </button>
        ) : (
          <Moment at={withdrawnAt} />
        ),
    },
  ];
  return (
    <>
      <Failure text={error} />
      <Table
        caption="Releases, newest first"
        columns={columns}
        rows={releases}
        keyOf={({ id }) => id}
        empty="Nothing is released."
      />
    </>
  );
}
