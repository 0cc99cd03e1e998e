import type { Alert, AlertBatch } from './alert.ts';

/** One line for a headline. */
export function headlineOf({ alerts, unlisted }: AlertBatch): string {
  const [first] = alerts;
  const contents = alerts.length + unlisted;
  if (first === undefined || contents > 1) return `Postern: ${contents} contents that are not clean`;
  return `Postern: ${whatIs(first)}, ${timesOf(first)}`;
}

/** A paragraph for each alert, plain text. */
export function paragraphsOf({ alerts, unlisted }: AlertBatch): readonly string[] {
  const rest = unlisted === 0 ? [] : [`and ${unlisted} more; the console lists them.`];
  return [...alerts.map(paragraphOf), ...rest];
}

function whatIs({ verdict, cause, rules }: Alert): string {
  if (cause !== '') return `${verdict} message (${cause})`;
  return rules.length === 0 ? `${verdict} message` : `${verdict} message (${rules.join(', ')})`;
}

function timesOf({ fetches }: Alert): string {
  return fetches === 1 ? 'fetched once' : `fetched ${fetches} times`;
}

function paragraphOf(alert: Alert): string {
  const { severity, users, moreUsers, actions, firstAt, lastAt, sha256, scanId } = alert;
  const who = users.length === 0 ? 'unknown users' : `${users.join(', ')}${moreUsers ? ' and others' : ''}`;
  const ends = Object.entries(actions).map(([action, times]) => `${action} ${times}`);
  return [
    `${severity}: ${whatIs(alert)}, ${timesOf(alert)} by ${who}`,
    `  action: ${ends.join(', ')}`,
    `  time: ${firstAt}${firstAt === lastAt ? '' : ` to ${lastAt}`}`,
    `  content: ${sha256 === '' ? 'unknown' : sha256}`,
    `  scan: ${scanId}`,
  ].join('\n');
}
