import { useState } from 'preact/hooks';
import type { Page, Preview, QuarantineItem, Release } from './answers.ts';
import { Failure, Loaded, useAction, useLoading } from './loading.tsx';
import { ReleaseForm } from './release-form.tsx';
import { ReleaseTable } from './release-table.tsx';
import { Facts, Table } from './table.tsx';
import { bytesText, Digest, Findings, Foreign, Moment, Verdict } from './texts.tsx';
import { mayAct, type View } from './view.ts';

function What({ item }: { readonly item: QuarantineItem }) {
  return (
    <Facts
      facts={[
        ['Subject', <Foreign text={item.subject} />],
        ['Sender', <Foreign text={item.sender} />],
        ['Verdict', <Verdict verdict={item.verdict} cause={item.cause} />],
        ['Findings', <Findings findings={item.findings} />],
        ['Fetched by', <Foreign text={item.user} />],
        ['From', `${item.client}, ${item.protocol}`],
        ['Mailbox', <Foreign text={item.mailbox} />],
        ['Fetches', item.count],
        ['First', <Moment at={item.firstSeen} />],
        ['Last', <Moment at={item.lastSeen} />],
        ['Size', bytesText(item.bytes)],
        ['SHA-256', <code class="long">{item.id}</code>],
        ['Scan', <code>{item.scanId}</code>],
        ['Rule set', <code>{item.generation}</code>],
      ]}
    />
  );
}

function Shown({ preview }: { readonly preview: Preview }) {
  return (
    <>
      <Facts
        facts={preview.headers.map(
          ({ name, value }, index) => [`${index + 1}. ${name}`, <Foreign text={value} />] as const,
        )}
      />
      <Table
        caption="Parts"
        columns={[
          { name: 'Name', cell: ({ name }) => <Foreign text={name} /> },
          { name: 'Type', cell: ({ type }) => <Foreign text={type} /> },
          { name: 'Size', cell: ({ bytes }) => bytesText(bytes) },
          { name: 'Content', cell: ({ sha256 }) => <Digest sha256={sha256} /> },
        ]}
        rows={preview.parts}
        keyOf={({ name, sha256 }) => `${name} ${sha256}`}
        empty="It has no attachments."
      />
      <h3>Text{preview.truncated && ', the beginning of it'}</h3>
      <pre>{preview.text}</pre>
    </>
  );
}

/** Reading somebody's mail is in the audit trail, so it is asked for. */
function PreviewOnDemand({ api, argument }: View) {
  const [preview, setPreview] = useState<Preview>();
  const { isBusy, error, run } = useAction();
  const load = async (): Promise<void> =>
    setPreview(await api.get<Preview>(`/quarantine/${argument}/preview`));
  return (
    <section>
      <h2>Content</h2>
      {preview === undefined ? (
        <button type="button" disabled={isBusy} onClick={() => run(load)}>
          Show header and text
        </button>
      ) : (
        <Shown preview={preview} />
      )}
      <Failure text={error} />
    </section>
  );
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** What only administrators do. */
function ExportAndDelete({ api, argument: id }: View) {
  const { isBusy, error, run } = useAction();
  const [isSure, setSure] = useState(false);
  const exported = async (): Promise<void> =>
    save(await api.download(`/quarantine/${id}/export`, { format: 'zip' }), `${id}.zip`);
  const deleted = async (): Promise<void> => {
    await api.send('DELETE', `/quarantine/${id}`);
    location.hash = '#/quarantine';
  };
  return (
    <section>
      <h2>Export and delete</h2>
      <p>
        <button type="button" disabled={isBusy} onClick={() => run(exported)}>
          Export as zip, password "infected"
        </button>
        {isSure ? (
          <button type="button" class="danger" disabled={isBusy} onClick={() => run(deleted)}>
            Delete for ever
          </button>
        ) : (
          <button type="button" disabled={isBusy} onClick={() => setSure(true)}>
            Delete …
          </button>
        )}
      </p>
      <Failure text={error} />
    </section>
  );
}

/** One original: what is known, what can be done. */
export function QuarantinedMessage(view: View) {
  const { api, who, argument: id } = view;
  const item = useLoading(id, () => api.get<QuarantineItem>(`/quarantine/${id}`));
  const releases = useLoading(id, () => api.get<Page<Release>>('/releases', { sha256: id }));
  return (
    <>
      <p>
        <a href="#/quarantine">All originals</a>, <a href={`#/detections/${id}`}>who fetched it</a>
      </p>
      <Loaded loading={item}>
        {(value) => (
          <>
            <What item={value} />
            <section>
              <h2>Release</h2>
              <ReleaseForm api={api} who={who} item={value} onReleased={releases.reload} />
              <Loaded loading={releases}>
                {({ items }) => <ReleaseTable api={api} releases={items} onChange={releases.reload} />}
              </Loaded>
            </section>
            <PreviewOnDemand {...view} />
            {mayAct(who, 'administrator') && <ExportAndDelete {...view} />}
          </>
        )}
      </Loaded>
    </>
  );
}
