import type { Finding } from './answers.ts';

/** Marks that are not seen or turn the direction of writing: a name must not look like another one. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A text that a stranger wrote. Only ever text, and apart from what stands around it. */
export function Foreign({ text }: { readonly text: string }) {
  return text === '' ? <span class="quiet">none</span> : <bdi>{text.replaceAll(UNSEEN, '\u{fffd}')}</bdi>;
}

/** With the zone: who compares it with a log elsewhere must not guess. */
const MOMENT = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
});

/** ISO 8601 UTC in the time of who looks. */
export function Moment({ at }: { readonly at: string | null }) {
  if (at === null) return <span class="quiet">never</span>;
  return (
    <time dateTime={at} title={at}>
      {MOMENT.format(new Date(at))}
    </time>
  );
}

/** A digest: enough of it to tell it from others. */
export function Digest({ sha256 }: { readonly sha256: string }) {
  return sha256 === '' ? (
    <span class="quiet">unknown</span>
  ) : (
    <code title={sha256}>{sha256.slice(0, 12)}</code>
  );
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytesText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${UNITS[step] ?? ''}`;
}

export function Verdict({ verdict, cause }: { readonly verdict: string; readonly cause: string }) {
  return <span class={`mark ${verdict}`}>{cause === '' ? verdict : `${verdict}: ${cause}`}</span>;
}

export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  if (findings.length === 0) return <span class="quiet">none</span>;
  return (
    <ul class="plain">
      {findings.slice(0, 20).map(({ namespace, rule, part }) => (
        <li key={`${namespace}/${rule} ${part}`}>
          <Foreign text={`${namespace}/${rule}`} /> <span class="quiet">in</span> <Foreign text={part} />
        </li>
      ))}
    </ul>
  );
}
