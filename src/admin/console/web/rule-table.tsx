import { useState } from 'preact/hooks';
import type { RuleSet, Statistics } from './answers.ts';
import { type Column, Table } from './table.tsx';
import { Foreign, Moment } from './texts.tsx';

/** A page that a person reads. */
const PAGE = 50;
/** How the engine of rules on trial is called. */
const SHADOW = 'shadow';

export interface RuleRow {
  readonly name: string;
  readonly engine: string;
  readonly isShadow: boolean;
  readonly messages: number;
  readonly lastAt: string | null;
  readonly msPerMb: number | null | undefined;
  readonly isSlow: boolean;
  readonly contents: number;
}

type Sorting = 'hits' | 'time' | 'name';

const SORTINGS: Readonly<Record<Sorting, (a: RuleRow, b: RuleRow) => number>> = {
  hits: (a, b) => b.messages - a.messages || b.contents - a.contents || a.name.localeCompare(b.name),
  time: (a, b) => (b.msPerMb ?? -1) - (a.msPerMb ?? -1) || a.name.localeCompare(b.name),
  name: (a, b) => a.name.localeCompare(b.name),
};

/** Everything that is known of each rule: hits since the start, contents in 30 days, time. */
export function ruleRows({ hits, timing }: RuleSet, statistics: Statistics | undefined): readonly RuleRow[] {
  const rows = new Map<string, RuleRow>();
  const put = (name: string, isShadow: boolean, more: Partial<RuleRow>): void => {
    const key = `${name} ${isShadow}`;
    const fresh: RuleRow = {
      name,
      isShadow,
      engine: '',
      messages: 0,
      lastAt: null,
      msPerMb: undefined,
      isSlow: false,
      contents: 0,
    };
    rows.set(key, { ...(rows.get(key) ?? fresh), ...more });
  };
  for (const { namespace, rule, isShadow, msPerMb, isSlow } of timing.times) {
    put(`${namespace}/${rule}`, isShadow, { msPerMb, isSlow });
  }
  for (const { engine, namespace, rule, messages, lastAt } of hits) {
    put(`${namespace}/${rule}`, engine === SHADOW, { engine, messages, lastAt });
  }
  for (const { namespace, rule, contents } of statistics?.topRules ?? []) {
    put(`${namespace}/${rule}`, false, { contents });
  }
  return [...rows.values()];
}

function Time({ msPerMb, isSlow }: Pick<RuleRow, 'msPerMb' | 'isSlow'>) {
  if (msPerMb === undefined) return <span class="quiet">not measured</span>;
  if (msPerMb === null) return <span class="quiet">not by itself</span>;
  return (
    <>
      {msPerMb.toFixed(2)} {isSlow && <span class="mark yellow">slow</span>}
    </>
  );
}

const COLUMNS: readonly Column<RuleRow>[] = [
  { name: 'Rule', cell: ({ name }) => <Foreign text={name} /> },
  { name: 'Messages since the start', cell: ({ messages }) => messages },
  { name: 'Last', cell: ({ lastAt }) => <Moment at={lastAt} /> },
  { name: 'Contents in 30 days', cell: ({ contents }) => contents },
  { name: 'ms per MB', cell: Time },
];

const TRIAL_COLUMNS = COLUMNS.filter(({ name }) => name !== 'Contents in 30 days');

/** Rules by hits, time or name, some at a time. */
export function RuleTable(props: {
  readonly caption: string;
  readonly rows: readonly RuleRow[];
  readonly isTrial?: boolean;
  readonly empty: string;
}) {
  const { caption, rows, isTrial = false, empty } = props;
  const [sorting, setSorting] = useState<Sorting>('hits');
  const [shown, setShown] = useState(PAGE);
  const sorted = rows.toSorted(SORTINGS[sorting]);
  return (
    <>
      {rows.length > 1 && (
        <p role="group" aria-label={`Order of: ${caption}`}>
          {(['hits', 'time', 'name'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={one === sorting} onClick={() => setSorting(one)}>
              By {one}
            </button>
          ))}
        </p>
      )}
      <Table
        caption={caption}
        columns={isTrial ? TRIAL_COLUMNS : COLUMNS}
        rows={sorted.slice(0, shown)}
        keyOf={({ name, isShadow }) => `${name} ${isShadow}`}
        empty={empty}
      />
      {sorted.length > shown && (
        <p>
          <button type="button" onClick={() => setShown(shown + PAGE)}>
            Show more ({sorted.length - shown} are left)
          </button>
        </p>
      )}
    </>
  );
}
