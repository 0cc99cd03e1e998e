import { useState } from 'preact/hooks';
import type { Detection, Fetch, Items } from '../answers.ts';
import { useLiveEvents } from '../live-events.ts';
import { Loaded, useEvery, useLoading } from '../loading.tsx';
import { Pager, usePaged } from '../paging.tsx';
import { SearchForm, type SearchField } from '../search-form.tsx';
import { type Column, Table } from '../table.tsx';
import { Digest, Findings, Foreign, Moment, Verdict } from '../texts.tsx';
import { mayAct, type View } from '../view.ts';

/** Where events do not come through, a detection is seen this soon. */
const REFRESH_MS = 60_000;

const FIELDS: readonly SearchField[] = [
  {
    name: 'observed',
    label: 'Rules',
    options: ['true'],
    labels: { true: 'on trial' },
    none: 'that act',
  },
  { name: 'verdict', label: 'Verdict', options: ['malicious', 'suspicious', 'unscannable', 'skipped'] },
  { name: 'action', label: 'Action', options: ['deliver', 'neutralise', 'block', 'defer'] },
  { name: 'rule', label: 'Rule' },
  { name: 'user', label: 'User' },
  { name: 'digest', label: 'Digest' },
  { name: 'from', label: 'From', isDay: true },
  { name: 'to', label: 'To', isDay: true },
];

const COLUMNS: readonly Column<Detection>[] = [
  { name: 'Time', cell: ({ at }) => <Moment at={at} /> },
  { name: 'Verdict', cell: ({ verdict, cause }) => <Verdict verdict={verdict} cause={cause} /> },
  { name: 'Action', cell: ({ action }) => action },
  { name: 'Findings', cell: ({ findings }) => <Findings findings={findings} /> },
  { name: 'User', cell: ({ user }) => <Foreign text={user} /> },
  { name: 'From', cell: ({ client, protocol }) => `${client}, ${protocol}` },
  { name: 'Mailbox', cell: ({ mailbox }) => <Foreign text={mailbox} /> },
  {
    name: 'Content',
    cell: ({ sha256 }) => (
      <a href={`#/detections/${sha256}`}>
        <Digest sha256={sha256} />
      </a>
    ),
  },
];

const FOUND = 'Messages that were not clean, newest first';
const TRIAL = 'What rules on trial matched, newest first; nothing was done because of it';

const FETCH_COLUMNS: readonly Column<Fetch>[] = [
  { name: 'Time', cell: ({ at }) => <Moment at={at} /> },
  { name: 'User', cell: ({ user }) => <Foreign text={user} /> },
  { name: 'Client', cell: ({ client }) => client },
  { name: 'Program', cell: ({ application }) => <Foreign text={application} /> },
  { name: 'Mailbox', cell: ({ mailbox }) => <Foreign text={mailbox} /> },
  { name: 'Verdict', cell: ({ verdict }) => <Verdict verdict={verdict} cause="" /> },
  { name: 'Action', cell: ({ action }) => action },
];

function WhoGotIt({ api, argument }: View) {
  const fetches = useLoading(argument, () => api.get<Items<Fetch>>(`/contents/${argument}/fetches`));
  return (
    <section>
      <h2>Who fetched this content</h2>
      <Loaded loading={fetches}>
        {({ items }) => (
          <Table
            caption="Fetches, newest first"
            columns={FETCH_COLUMNS}
            rows={items}
            keyOf={({ at, user, uid, client }) => `${at} ${user} ${uid} ${client}`}
            empty="Nobody did."
          />
        )}
      </Loaded>
    </section>
  );
}

/** `#/detections/on-trial`: what rules on trial matched; otherwise the beginning of a digest. */
function conditionsOf(argument: string): Readonly<Record<string, string>> {
  if (argument === 'on-trial') return { observed: 'true' };
  return argument === '' ? {} : { digest: argument };
}

export function DetectionsPage(view: View) {
  const { api, who, argument } = view;
  const initial = conditionsOf(argument);
  const [conditions, setConditions] = useState<Readonly<Record<string, string>>>(initial);
  const { loading, pager } = usePaged<Detection>(api, '/detections', conditions);
  useLiveEvents(loading.reload);
  useEvery(REFRESH_MS, loading.reload);
  const isOne = /^[0-9a-f]{64}$/u.test(argument) && mayAct(who, 'operator');
  return (
    <>
      <SearchForm fields={FIELDS} initial={initial} onSearch={setConditions} />
      {isOne && (
        <p>
          <a href={`#/quarantine/${argument}`}>Original in the quarantine</a>
        </p>
      )}
      <Loaded loading={loading}>
        {({ items }) => (
          <div aria-live="polite">
            <Table
              caption={conditions['observed'] === 'true' ? TRIAL : FOUND}
              columns={COLUMNS}
              rows={items}
              keyOf={({ id }) => String(id)}
              empty="Nothing was found."
            />
          </div>
        )}
      </Loaded>
      <Pager pager={pager} />
      {isOne && <WhoGotIt {...view} />}
    </>
  );
}
