import { useState } from 'preact/hooks';
import type { Configuration, Setting } from '../answers.ts';
import { Loaded, useLoading } from '../loading.tsx';
import { type Column, Facts, Table } from '../table.tsx';
import { Foreign, Moment } from '../texts.tsx';
import type { View } from '../view.ts';

function Value({ text }: { readonly text: string | null }) {
  return text === null ? <span class="quiet">not set</span> : <Foreign text={text} />;
}

function Source({ origin: { kind, where }, variable }: Setting) {
  if (kind === 'default') return <span class="quiet">default</span>;
  if (kind === 'program') return <>set by the program that started the gateway</>;
  return kind === 'file' ? <Foreign text={where} /> : <>variable {variable}</>;
}

const COLUMNS: readonly Column<Setting>[] = [
  {
    name: 'Setting',
    cell: ({ key, description, variable }) => (
      <>
        <code title={variable}>{key}</code>
        <br />
        <span class="quiet">{description}</span>
      </>
    ),
  },
  { name: 'Value', cell: ({ value }) => <Value text={value} /> },
  { name: 'Comes from', cell: Source },
  { name: 'Default', cell: ({ defaultValue }) => <Value text={defaultValue} /> },
];

const sectionOf = ({ key }: Setting): string => /^\w+/u.exec(key)?.[0] ?? key;

function fits(
  { key, description, origin, variable }: Setting,
  words: string,
  isChangedOnly: boolean,
): boolean {
  if (isChangedOnly && origin.kind === 'default') return false;
  return `${key} ${variable} ${description}`.toLowerCase().includes(words.toLowerCase());
}

function Sections({ settings }: { readonly settings: readonly Setting[] }) {
  const sections = [...Map.groupBy(settings, sectionOf)];
  if (sections.length === 0) return <p class="quiet">No setting fits.</p>;
  return (
    <>
      {sections.map(([section, rows]) => (
        <Table
          key={section}
          caption={section}
          columns={COLUMNS}
          rows={rows}
          keyOf={({ key }) => key}
          empty="No setting fits."
        />
      ))}
    </>
  );
}

function About({ configuration: { file, loadedAt, warnings } }: { readonly configuration: Configuration }) {
  return (
    <>
      <Facts
        facts={[
          ['File', file === null ? 'none: variables and defaults' : <Foreign text={file} />],
          ['Read', <Moment at={loadedAt} />],
        ]}
      />
      {warnings.length > 0 && (
        <ul>
          {warnings.map((text) => (
            <li key={text}>
              <span class="mark yellow">warning</span> <Foreign text={text} />
            </li>
          ))}
        </ul>
      )}
      <p class="quiet">
        This is what the process runs with. Of a changed file, exclusions, policies and notices count without
        a restart; the status says what waits for one. Variables win over the file. Secrets are not shown.
        What is switched on the page Protection stands there, not here.
      </p>
    </>
  );
}

/** Every setting with its source. */
export function ConfigurationPage({ api }: View) {
  const loading = useLoading('configuration', () => api.get<Configuration>('/configuration'));
  const [words, setWords] = useState('');
  const [isChangedOnly, setChangedOnly] = useState(true);
  return (
    <Loaded loading={loading}>
      {(configuration) => (
        <>
          <About configuration={configuration} />
          <form role="search" onSubmit={(event) => event.preventDefault()}>
            <label>
              Name or words
              <input
                name="words"
                type="search"
                autoComplete="off"
                maxLength={200}
                onInput={({ currentTarget }) => setWords(currentTarget.value.trim())}
              />
            </label>
            <label class="check">
              <input
                type="checkbox"
                name="changed"
                checked={isChangedOnly}
                onChange={({ currentTarget }) => setChangedOnly(currentTarget.checked)}
              />{' '}
              only what is not the default
            </label>
          </form>
          <Sections settings={configuration.settings.filter((one) => fits(one, words, isChangedOnly))} />
        </>
      )}
    </Loaded>
  );
}
