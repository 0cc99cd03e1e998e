import type { DayCounts, Detection, Statistics } from '../history/detection-history.ts';
import type { NowBad, RetroHuntReport } from '../history/retro-hunt-report.ts';
import { formatTable, printable } from './terminal-text.ts';

const SHOWN_ID = 12;

export const DETECTION_COLUMNS = [
  { title: 'TIME' },
  { title: 'VERDICT' },
  { title: 'ACTION' },
  { title: 'FINDING' },
  { title: 'USER' },
  { title: 'MAILBOX' },
  { title: 'CLIENT' },
  { title: 'CONTENT' },
] as const;

const second = (time: string): string => time.slice(0, 19).replace('T', ' ');

export function detectionRow(detection: Detection): string[] {
  const [first, ...more] = detection.findings;
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return [
    second(detection.at),
    detection.cause === '' ? detection.verdict : `${detection.verdict}: ${detection.cause}`,
    detection.action,
    first === undefined ? '' : `${first.namespace}/${first.rule}${others}`,
    detection.user,
    detection.mailbox,
    detection.client,
    detection.sha256.slice(0, SHOWN_ID),
  ];
}

const STATISTICS_COLUMNS = [
  { title: 'DAY' },
  ...['SCANNED', 'INFECTED', 'SUSPICIOUS', 'NEUTRALISED', 'BLOCKED', 'DEFERRED'].map((title) => ({
    title,
    align: 'right' as const,
  })),
  { title: 'UNSCANNED' },
];

function countsRow(day: string, counts: Omit<DayCounts, 'day'>): string[] {
  const { scanned, infected, suspicious, neutralised, blocked, deferred } = counts;
  const unscanned = Object.entries(counts.unscanned).map(([cause, count]) => `${cause} ${count}`);
  const numbers = [scanned, infected, suspicious, neutralised, blocked, deferred].map(String);
  return [day, ...numbers, unscanned.join(', ')];
}

export function formatStatistics({ days, total, topRules }: Statistics): string {
  const rows = [...days.map(({ day, ...counts }) => countsRow(day, counts)), countsRow('all', total)];
  const rules = topRules.map(({ namespace, rule, detections, contents }) => [
    `${namespace}/${rule}`,
    String(detections),
    String(contents),
  ]);
  const columns = [
    { title: 'RULE' },
    { title: 'DETECTIONS', align: 'right' as const },
    { title: 'CONTENTS', align: 'right' as const },
  ];
  const top = rules.length === 0 ? '' : `\n${formatTable(columns, rules)}`;
  return formatTable(STATISTICS_COLUMNS, rows) + top;
}

function huntLines({ sha256, findings, before, source, delivered }: NowBad): string[] {
  const rules = findings.map(({ namespace, rule }) => `${namespace}/${rule}`).join(', ');
  const was = `was ${before.verdict} under ${before.generation}, known from the ${source}`;
  const people = delivered.map(
    ({ at, user, client, mailbox, uid }) => `    ${second(at)} ${user} ${mailbox} ${uid} from ${client}`,
  );
  return [`${sha256} ${rules} (${was})`, ...(people.length === 0 ? ['    given to nobody'] : people)];
}

export function formatHunt(report: RetroHuntReport): string {
  const { generation, days, judged, failed, truncated, nowBad } = report;
  const lines = [
    `${judged} originals of ${days} days judged again under ${generation}; ${failed} could not be`,
    ...(truncated ? ['a limit ended the hunt before everything was looked at'] : []),
    nowBad.length === 0 ? 'nothing new is bad' : `${nowBad.length} contents are bad today:`,
    ...nowBad.flatMap(huntLines),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}
