import type { NowBad, RetroHuntReport } from './answers.ts';
import { type Column, Facts, Table } from './table.tsx';
import { Digest, Findings, Foreign, Moment } from './texts.tsx';

/** Deliveries that are shown in a row; the page of the content has all. */
const MAX_SHOWN = 5;

function Delivered({ delivered, sha256 }: NowBad) {
  if (delivered.length === 0) return <span class="quiet">nobody</span>;
  return (
    <ul class="plain">
      {delivered.slice(0, MAX_SHOWN).map(({ at, user, client, application }) => (
        <li key={`${at} ${user} ${client}`}>
          <Foreign text={user} />, <Moment at={at} />, {client}
          {application !== '' && (
            <>
              , <Foreign text={application} />
            </>
          )}
        </li>
      ))}
      {delivered.length > MAX_SHOWN && (
        <li>
          <a href={`#/detections/${sha256}`}>{delivered.length - MAX_SHOWN} more</a>
        </li>
      )}
    </ul>
  );
}

const COLUMNS: readonly Column<NowBad>[] = [
  {
    name: 'Content',
    cell: ({ sha256 }) => (
      <a href={`#/detections/${sha256}`}>
        <Digest sha256={sha256} />
      </a>
    ),
  },
  { name: 'Findings now', cell: ({ findings }) => <Findings findings={findings} /> },
  { name: 'Before', cell: ({ before: { verdict } }) => (verdict === '' ? 'unknown' : verdict) },
  { name: 'Given to', cell: Delivered },
];

/** Who was given what is bad today. */
export function HuntReport({ report }: { readonly report: RetroHuntReport }) {
  const { generation, startedAt, days, judged, failed, truncated, nowBad } = report;
  return (
    <>
      <Facts
        facts={[
          ['Begun', <Moment at={startedAt} />],
          ['Rule set', <code>{generation}</code>],
          ['Looked back', `${days} days`],
          ['Originals judged again', `${judged}${failed === 0 ? '' : `, ${failed} could not be judged`}`],
        ]}
      />
      {truncated && (
        <p>
          <span class="mark yellow">incomplete</span> A limit ended it before everything was looked at. Take
          fewer days.
        </p>
      )}
      <Table
        caption="Bad today"
        columns={COLUMNS}
        rows={nowBad}
        keyOf={({ sha256 }) => sha256}
        empty="Nothing that was let through is bad today."
      />
    </>
  );
}
