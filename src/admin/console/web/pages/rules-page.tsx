import type { RuleSet, Statistics } from '../answers.ts';
import { Loaded, useLoading } from '../loading.tsx';
import { type Column, Facts, Table } from '../table.tsx';
import { Digest, Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

type RuleFile = RuleSet['files'][number];
type RuleCount = Statistics['topRules'][number];

const FILES: readonly Column<RuleFile>[] = [
  { name: 'Namespace', cell: ({ namespace }) => <Foreign text={namespace} /> },
  { name: 'File', cell: ({ path }) => <Foreign text={path} /> },
  { name: 'Digest', cell: ({ sha256 }) => <Digest sha256={sha256} /> },
];

const HITS: readonly Column<RuleCount>[] = [
  { name: 'Rule', cell: ({ namespace, rule }) => <Foreign text={`${namespace}/${rule}`} /> },
  { name: 'Detections', cell: ({ detections }) => detections },
  { name: 'Different contents', cell: ({ contents }) => contents },
];

export function RulesPage({ api }: View) {
  const rules = useLoading('rules', () => api.get<RuleSet>('/rules'));
  const statistics = useLoading('statistics', () => api.get<Statistics>('/statistics'));
  return (
    <>
      <Loaded loading={rules}>
        {({ generation, rules: count, loadedAt, files }) => (
          <>
            <Facts
              facts={[
                ['Rule set', <code>{generation}</code>],
                ['Rules', count],
                ['Loaded', <Moment at={loadedAt} />],
              ]}
            />
            <Table
              caption="Files of the rule set that judges"
              columns={FILES}
              rows={files}
              keyOf={({ namespace, path }) => `${namespace} ${path}`}
              empty="It has no files."
            />
          </>
        )}
      </Loaded>
      <h2>Hits in the last 30 days</h2>
      <Loaded loading={statistics}>
        {({ topRules }) => (
          <Table
            caption="Rules that matched most"
            columns={HITS}
            rows={topRules}
            keyOf={({ namespace, rule }) => `${namespace}/${rule}`}
            empty="No rule matched."
          />
        )}
      </Loaded>
    </>
  );
}
