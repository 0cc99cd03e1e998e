import type { Exclusion, Items } from '../answers.ts';
import { Loaded, useLoading } from '../loading.tsx';
import { type Column, Table } from '../table.tsx';
import { Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

function Expiry({ expiresAt }: Pick<Exclusion, 'expiresAt'>) {
  const isOver = expiresAt !== null && Date.parse(expiresAt) < Date.now();
  return (
    <>
      <Moment at={expiresAt} /> {isOver && <span class="mark yellow">expired</span>}
    </>
  );
}

const COLUMNS: readonly Column<Exclusion>[] = [
  { name: 'What is not scanned', cell: ({ what }) => <Foreign text={what} /> },
  { name: 'Owner', cell: ({ owner }) => <Foreign text={owner} /> },
  { name: 'Reason', cell: ({ reason }) => <Foreign text={reason} /> },
  { name: 'Expires', cell: ({ expiresAt }) => <Expiry expiresAt={expiresAt} /> },
  { name: 'Let through', cell: ({ hits }) => hits },
];

export function ExclusionsPage({ api }: View) {
  const exclusions = useLoading('exclusions', () => api.get<Items<Exclusion>>('/exclusions'));
  return (
    <Loaded loading={exclusions}>
      {({ items }) => (
        <Table
          caption="Exclusions"
          columns={COLUMNS}
          rows={items}
          keyOf={({ id }) => id}
          empty="Everything is scanned."
        />
      )}
    </Loaded>
  );
}
