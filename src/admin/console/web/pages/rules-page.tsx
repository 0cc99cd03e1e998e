import type { RuleSet, Statistics } from '../answers.ts';
import { Failure, Loaded, useAction, useEvery, useLoading } from '../loading.tsx';
import { ruleRows, RuleTable } from '../rule-table.tsx';
import { type Column, Facts, Table } from '../table.tsx';
import { Digest, Foreign, Moment } from '../texts.tsx';
import { mayAct, type View } from '../view.ts';

const REFRESH_MS = 5_000;

type RuleFile = RuleSet['files'][number];
type RuleSource = RuleSet['sources'][number];

const FILES: readonly Column<RuleFile>[] = [
  { name: 'Namespace', cell: ({ namespace }) => <Foreign text={namespace} /> },
  { name: 'File', cell: ({ path }) => <Foreign text={path} /> },
  { name: 'Digest', cell: ({ sha256 }) => <Digest sha256={sha256} /> },
];

const SOURCES: readonly Column<RuleSource>[] = [
  { name: 'Source', cell: ({ name }) => <Foreign text={name} /> },
  { name: 'Last good look', cell: ({ checkedAt }) => <Moment at={checkedAt} /> },
  {
    name: 'State',
    cell: ({ problem }) =>
      problem === null ? (
        <span class="mark green">good</span>
      ) : (
        <>
          <span class="mark yellow">problem</span> <Foreign text={problem} />
        </>
      ),
  },
];

function About({ rules }: { readonly rules: RuleSet }) {
  const { generation, rules: count, loadedAt, isOnProbation, problem } = rules;
  return (
    <>
      {problem !== null && (
        <p class="failure" role="alert">
          The newest rules do not judge: <Foreign text={problem} /> The ones below do. “postern check” names
          file, line and column.
        </p>
      )}
      <Facts
        facts={[
          ['Rule set', <code>{generation}</code>],
          ['Rules', count],
          ['In use since', <Moment at={loadedAt} />],
          [
            'Probation',
            isOnProbation ? 'yes: compared with the rules before, which come back if these fail' : 'no',
          ],
        ]}
      />
    </>
  );
}

function Measure({ api, who, rules, onStarted }: Pick<View, 'api' | 'who'> & MeasureProps) {
  const { isBusy, error, run } = useAction();
  const { state, at, generation, truncated } = rules.timing;
  const old = generation !== '' && generation !== rules.generation ? ', of the rules before' : '';
  const start = (): void =>
    run(async () => {
      await api.send('POST', '/rules/timing');
      onStarted();
    });
  return (
    <div>
      <p class="quiet" role="status">
        {state === 'running' && 'Measuring …'}
        {state === 'failed' && 'The rules could not be measured; the log has the reason.'}
        {state === 'never' && 'How long a rule takes was not measured yet.'}
        {state === 'done' && (
          <>
            Time measured <Moment at={at} />
            {old}: each rule by itself over a mix of text, markup, packed and program bytes.
            {truncated && ' The time was over before all were measured.'}
          </>
        )}
      </p>
      {mayAct(who, 'operator') && (
        <button type="button" disabled={isBusy || state === 'running'} onClick={start}>
          Measure the time of each rule
        </button>
      )}
      <Failure text={error} />
    </div>
  );
}

interface MeasureProps {
  readonly rules: RuleSet;
  readonly onStarted: () => void;
}

function FileTable({ caption, files }: { readonly caption: string; readonly files: readonly RuleFile[] }) {
  return (
    <Table
      caption={caption}
      columns={FILES}
      rows={files}
      keyOf={({ namespace, path }) => `${namespace} ${path}`}
      empty={`${caption}: none.`}
    />
  );
}

export function RulesPage({ api, who }: View) {
  const rules = useLoading('rules', () => api.get<RuleSet>('/rules'));
  const statistics = useLoading('statistics', () => api.get<Statistics>('/statistics'));
  useEvery(REFRESH_MS, rules.reload);
  return (
    <Loaded loading={rules}>
      {(value) => {
        const rows = ruleRows(value, statistics.value);
        return (
          <>
            <About rules={value} />
            <section>
              <h2>Rules that act</h2>
              <Measure api={api} who={who} rules={value} onStarted={rules.reload} />
              <Failure text={statistics.error} />
              <RuleTable
                caption="Hits and time of each rule that acts"
                rows={rows.filter(({ isShadow }) => !isShadow)}
                empty="No rule matched yet."
              />
            </section>
            <section>
              <h2>Rules on trial</h2>
              <p class="quiet">
                What they find is recorded and never acted on.{' '}
                <a href="#/detections/on-trial">What they matched</a>
              </p>
              <RuleTable
                caption="Hits and time of each rule on trial"
                rows={rows.filter(({ isShadow }) => isShadow)}
                isTrial
                empty={
                  value.shadowFiles.length === 0
                    ? 'No rules are on trial: shadowRules in the configuration names them.'
                    : 'None of them matched yet.'
                }
              />
            </section>
            <section>
              <h2>Where they come from</h2>
              <FileTable caption="Files of rules that act" files={value.files} />
              <FileTable caption="Files of rules on trial" files={value.shadowFiles} />
              <FileTable caption="Digest lists" files={value.digestFiles} />
              <Table
                caption="Sources that are fetched"
                columns={SOURCES}
                rows={value.sources}
                keyOf={({ name }) => name}
                empty="Sources that are fetched: none."
              />
            </section>
          </>
        );
      }}
    </Loaded>
  );
}
