import { useState } from 'preact/hooks';
import type { Protection, ProtectionSwitch } from '../answers.ts';
import { Dialog } from '../dialog.tsx';
import { filledForm } from '../form-values.ts';
import { useLiveEvents } from '../live-events.ts';
import { Failure, Loaded, useAction, useEvery, useLoading } from '../loading.tsx';
import { type Column, Table } from '../table.tsx';
import { Foreign, Moment } from '../texts.tsx';
import { mayAct, type View } from '../view.ts';

const REFRESH_MS = 5_000;
const MINUTE_MS = 60_000;

interface Words {
  readonly title: string;
  readonly on: string;
  readonly off: string;
  /** What happens while it is off. */
  readonly risk: string;
  readonly level: 'yellow' | 'red';
}

const protocol = (name: string): Words => ({
  title: name,
  on: 'on',
  off: 'off',
  risk: `New ${name} sessions are forwarded without a scan.`,
  level: 'yellow',
});

const WORDS: Readonly<Record<ProtectionSwitch['name'], Words>> = {
  protection: {
    title: 'Protection (master switch)',
    on: 'on',
    off: 'off',
    risk: 'Nothing is scanned in new sessions: infected mail reaches its readers.',
    level: 'red',
  },
  mode: {
    title: 'Mode',
    on: 'protect',
    off: 'monitor',
    risk: 'New sessions are scanned and recorded, and infected mail is delivered.',
    level: 'red',
  },
  'tls-filter': {
    title: 'TLS filter',
    on: 'on',
    off: 'off',
    risk: 'New connections that begin with TLS (IMAPS, POP3S) are forwarded without a scan.',
    level: 'yellow',
  },
  imap: protocol('IMAP'),
  imaps: protocol('IMAPS'),
  pop3: protocol('POP3'),
  pop3s: protocol('POP3S'),
};

const stateText = ({ name }: ProtectionSwitch, isOn: boolean): string =>
  isOn ? WORDS[name].on : WORDS[name].off;

/** What the button does. */
const deed = (one: ProtectionSwitch): string =>
  `Switch ${one.name === 'mode' ? 'to ' : ''}${stateText(one, !one.isOn)}`;

const TIMES: readonly (readonly [label: string, minutes: number])[] = [
  ['for 15 minutes', 15],
  ['for 1 hour', 60],
  ['for 4 hours', 240],
  ['for 1 day', 1_440],
  ['for 7 days', 10_080],
  ['until the next start', 0],
];

/** Long enough to find out whether it helps, short enough to be forgotten without harm. */
const USUAL_MINUTES = 60;

function State({ one }: { readonly one: ProtectionSwitch }) {
  const level = one.isOn ? 'green' : WORDS[one.name].level;
  return <span class={`mark ${level}`}>{stateText(one, one.isOn)}</span>;
}

function Change({ one: { change } }: { readonly one: ProtectionSwitch }) {
  if (change === null) return <span class="quiet">as configured</span>;
  return (
    <>
      <Foreign text={change.actor} />, <Moment at={change.at} />: <Foreign text={change.reason} />
    </>
  );
}

function Until({ one: { change } }: { readonly one: ProtectionSwitch }) {
  if (change === null) return null;
  return change.until === null ? 'the next start' : <Moment at={change.until} />;
}

interface SwitchFormProps extends Pick<View, 'api'> {
  readonly one: ProtectionSwitch;
  readonly onDone: (protection: Protection) => void;
  readonly onClose: () => void;
}

function SwitchForm({ api, one, onDone, onClose }: SwitchFormProps) {
  const { isBusy, error, run } = useAction();
  const { title, risk } = WORDS[one.name];
  const to = stateText(one, !one.isOn);
  const submit = (event: SubmitEvent): void => {
    const { reason = '', minutes = '0' } = filledForm(event).values;
    const end = Number(minutes) * MINUTE_MS;
    const until = end === 0 ? {} : { until: new Date(Date.now() + end).toISOString() };
    run(async () => {
      onDone(await api.send('PUT', `/protection/${one.name}`, { on: !one.isOn, reason, ...until }));
    });
  };
  return (
    <Dialog title={`${title}: ${to}?`} onClose={onClose}>
      {one.isOn && <p>{risk}</p>}
      <form onSubmit={submit}>
        {one.isOn === one.isConfiguredOn && (
          <label>
            How long
            <select name="minutes">
              {TIMES.map(([label, minutes]) => (
                <option key={minutes} value={String(minutes)} selected={minutes === USUAL_MINUTES}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Reason
          <input name="reason" required maxLength={1000} autoComplete="off" />
        </label>
        <button type="submit" class={one.isOn ? 'danger' : ''} disabled={isBusy}>
          {deed(one)}
        </button>
        <Failure text={error} />
      </form>
    </Dialog>
  );
}

function columnsFor(isAdministrator: boolean, choose: (one: ProtectionSwitch) => void) {
  const columns: readonly Column<ProtectionSwitch>[] = [
    { name: 'What', cell: ({ name }) => WORDS[name].title },
    { name: 'Now', cell: (one) => <State one={one} /> },
    { name: 'Configured', cell: (one) => stateText(one, one.isConfiguredOn) },
    { name: 'Switched by', cell: (one) => <Change one={one} /> },
    { name: 'Until', cell: (one) => <Until one={one} /> },
  ];
  if (!isAdministrator) return columns;
  const button: Column<ProtectionSwitch> = {
    name: 'Switch',
    cell: (one) => (
      <button
        type="button"
        aria-label={`${WORDS[one.name].title}: ${deed(one)} …`}
        onClick={() => choose(one)}
      >
        {deed(one)} …
      </button>
    ),
  };
  return [...columns, button];
}

function Unscanned({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <p role="status">
      <span class="mark yellow">not scanned</span> Open sessions that are forwarded untouched: {count}. They
      end when what is off is switched on again; operators end them before on the page{' '}
      <a href="#/sessions">Sessions</a>.
    </p>
  );
}

/** What is scanned now. Everybody sees it; administrators switch. */
export function ProtectionPage({ api, who }: View) {
  const loading = useLoading('protection', () => api.get<Protection>('/protection'));
  const [chosen, setChosen] = useState<ProtectionSwitch>();
  useLiveEvents(loading.reload);
  useEvery(REFRESH_MS, loading.reload);
  const isAdministrator = mayAct(who, 'administrator');
  return (
    <>
      <Loaded loading={loading}>
        {({ switches, unscannedSessions }) => (
          <>
            <Table
              caption="What is scanned"
              columns={columnsFor(isAdministrator, setChosen)}
              rows={switches}
              keyOf={({ name }) => name}
              empty="There are no switches."
            />
            <Unscanned count={unscannedSessions} />
          </>
        )}
      </Loaded>
      <p class="quiet">
        A switch counts at once for new sessions. It ends at its time, and a restart ends all of them: then
        the configuration counts again. What is scanned goes on to be scanned; what is forwarded untouched is
        ended when something is on again. A session keeps its mode, and policies with a mode of their own keep
        that. {!isAdministrator && 'Administrators switch.'}
      </p>
      {chosen !== undefined && (
        <SwitchForm
          api={api}
          one={chosen}
          onDone={() => {
            setChosen(undefined);
            loading.reload();
          }}
          onClose={() => setChosen(undefined)}
        />
      )}
    </>
  );
}
