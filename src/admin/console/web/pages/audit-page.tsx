import type { AuditEntry } from '../answers.ts';
import { Loaded } from '../loading.tsx';
import { Pager, usePaged } from '../paging.tsx';
import { type Column, Table } from '../table.tsx';
import { Digest, Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

/** A content leads to its page. */
function Subject({ object }: AuditEntry) {
  if (!/^[0-9a-f]{64}$/u.test(object)) return <Foreign text={object} />;
  return (
    <a href={`#/detections/${object}`}>
      <Digest sha256={object} />
    </a>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { name: 'Time', cell: ({ at }) => <Moment at={at} /> },
  { name: 'Who', cell: ({ actor }) => <Foreign text={actor} /> },
  { name: 'What', cell: ({ action }) => action },
  { name: 'Object', cell: Subject },
  { name: 'Detail', cell: ({ detail }) => <Foreign text={detail} /> },
];

export function AuditPage({ api }: View) {
  const { loading, pager } = usePaged<AuditEntry>(api, '/audit', {});
  return (
    <>
      <Loaded loading={loading}>
        {({ items }) => (
          <Table
            caption="What administrators did, newest first"
            columns={COLUMNS}
            rows={items}
            keyOf={({ id }) => String(id)}
            empty="Nothing was done."
          />
        )}
      </Loaded>
      <Pager pager={pager} />
    </>
  );
}
