import { useState } from 'preact/hooks';
import type { QuarantineItem } from '../answers.ts';
import { useLiveEvents } from '../live-events.ts';
import { Loaded } from '../loading.tsx';
import { Pager, usePaged } from '../paging.tsx';
import { QuarantinedMessage } from '../quarantined-message.tsx';
import { SearchForm, type SearchField } from '../search-form.tsx';
import { type Column, Table } from '../table.tsx';
import { bytesText, Digest, Findings, Foreign, Moment, Verdict } from '../texts.tsx';
import type { View } from '../view.ts';

const CAUSES = [
  'malicious',
  'suspicious',
  'timeout',
  'engine-failed',
  'overloaded',
  'too-deep',
  'too-large',
  'bomb',
  'malformed',
  'encrypted',
] as const;

const FIELDS: readonly SearchField[] = [
  { name: 'subject', label: 'Subject' },
  { name: 'sender', label: 'Sender' },
  { name: 'user', label: 'User' },
  { name: 'rule', label: 'Rule' },
  { name: 'cause', label: 'Cause', options: CAUSES },
  { name: 'digest', label: 'Number or digest' },
  { name: 'from', label: 'From', isDay: true },
  { name: 'to', label: 'To', isDay: true },
];

const COLUMNS: readonly Column<QuarantineItem>[] = [
  {
    name: 'Subject',
    cell: ({ id, subject }) => (
      <a href={`#/quarantine/${id}`}>
        <Foreign text={subject} />
      </a>
    ),
  },
  { name: 'Sender', cell: ({ sender }) => <Foreign text={sender} /> },
  { name: 'User', cell: ({ user }) => <Foreign text={user} /> },
  { name: 'Verdict', cell: ({ verdict, cause }) => <Verdict verdict={verdict} cause={cause} /> },
  { name: 'Findings', cell: ({ findings }) => <Findings findings={findings} /> },
  { name: 'Size', cell: ({ bytes }) => bytesText(bytes) },
  { name: 'Last fetch', cell: ({ lastSeen }) => <Moment at={lastSeen} /> },
  { name: 'Fetches', cell: ({ count }) => count },
  { name: 'Content', cell: ({ id }) => <Digest sha256={id} /> },
];

function QuarantineList({ api }: View) {
  const [conditions, setConditions] = useState<Readonly<Record<string, string>>>({});
  const { loading, pager } = usePaged<QuarantineItem>(api, '/quarantine', conditions);
  useLiveEvents(loading.reload);
  return (
    <>
      <SearchForm fields={FIELDS} onSearch={setConditions} />
      <Loaded loading={loading}>
        {({ items }) => (
          <Table
            caption="Originals, newest first"
            columns={COLUMNS}
            rows={items}
            keyOf={({ id }) => id}
            empty="Nothing is kept that fits."
          />
        )}
      </Loaded>
      <Pager pager={pager} />
    </>
  );
}

export function QuarantinePage(view: View) {
  return view.argument === '' ? <QuarantineList {...view} /> : <QuarantinedMessage {...view} />;
}
