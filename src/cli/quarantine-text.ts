import type { MessagePreview } from '../quarantine/message-preview.ts';
import type { QuarantineItem } from '../quarantine/quarantine-archive.ts';
import type { ReleaseRecord } from '../quarantine/release-book.ts';
import { printable } from './terminal-text.ts';

const SHOWN_ID = 12;
const SHOWN_SUBJECT = 60;

export const COLUMNS = [
  { title: 'ID' },
  { title: 'LAST SEEN' },
  { title: 'COUNT', align: 'right' },
  { title: 'BYTES', align: 'right' },
  { title: 'VERDICT' },
  { title: 'FINDING' },
  { title: 'USER' },
  { title: 'SUBJECT' },
] as const;

function findingsOf({ verdict }: QuarantineItem) {
  return 'findings' in verdict ? verdict.findings : [];
}

function describeVerdict({ verdict }: QuarantineItem): string {
  return verdict.kind === 'unscannable' ? `${verdict.kind}: ${verdict.cause}` : verdict.kind;
}

export function listRow(record: QuarantineItem): string[] {
  const [first, ...more] = findingsOf(record);
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return [
    record.id.slice(0, SHOWN_ID),
    record.lastSeen.slice(0, 19).replace('T', ' '),
    String(record.count),
    String(record.bytes),
    describeVerdict(record),
    first === undefined ? '' : `${first.namespace}/${first.rule}${others}`,
    record.user,
    record.subject.slice(0, SHOWN_SUBJECT),
  ];
}

export function formatItem(record: QuarantineItem): string {
  const rows: readonly (readonly [string, string])[] = [
    ['id', record.id],
    ['first seen', record.firstSeen],
    ['last seen', record.lastSeen],
    ['count', String(record.count)],
    ['bytes', String(record.bytes)],
    ['from', record.sender],
    ['subject', record.subject],
    ['verdict', describeVerdict(record)],
    ...findingsOf(record).map(
      ({ engine, namespace, rule, class: findingClass, severity, part }) =>
        ['finding', `${findingClass} (${severity}) ${engine} ${namespace}/${rule} in ${part}`] as const,
    ),
    ['protocol', record.protocol],
    ['user', record.user],
    ['client', record.client],
    ['mailbox', record.mailbox],
    ['uid', record.uid],
    ['scan', record.scanId],
    ['rules', record.generation],
  ];
  return rows.map(([name, value]) => `${name.padEnd(11)}${printable(value)}\n`).join('');
}

export const RELEASE_COLUMNS = [
  { title: 'RELEASE' },
  { title: 'AT' },
  { title: 'ORIGINAL' },
  { title: 'FOR' },
  { title: 'BY' },
  { title: 'STATE' },
  { title: 'REASON' },
] as const;

export function releaseRow(release: ReleaseRecord): string[] {
  return [
    release.id,
    release.at.slice(0, 19).replace('T', ' '),
    release.sha256.slice(0, SHOWN_ID),
    release.user === '' ? 'everybody' : release.user,
    release.actor,
    release.withdrawnAt === null ? 'holds' : 'withdrawn',
    release.reason,
  ];
}

/** Lines of a stranger's text, each made harmless by itself. */
export function formatPreview({ headers, text, truncated, parts }: MessagePreview): string {
  const lines = [
    ...headers.map(({ name, value }) => `${name}: ${value}`),
    '',
    ...text.split('\n'),
    '',
    ...parts.map(({ name, type, bytes, sha256 }) => `[${type}] ${name} ${bytes} bytes ${sha256}`),
    ...(truncated ? ['(cut, or not wholly readable)'] : []),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}
