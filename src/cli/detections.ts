import { existsSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import { historyPathOf } from '../administration.ts';
import type { Detection, DetectionQuery } from '../history/detection-history.ts';
import { historyDatabase } from '../history/history-database.ts';
import { QuarantineRetroHunt } from '../history/quarantine-retro-hunt.ts';
import { SqliteHistory } from '../history/sqlite-history.ts';
import { SqliteHuntShelf } from '../history/sqlite-hunt-shelf.ts';
import { openQuarantine } from '../quarantine/open-quarantine.ts';
import { EXIT_NO, EXIT_OK, readArguments, UsageError, type Command, type Roof } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import { detectionRow, DETECTION_COLUMNS, formatHunt, formatStatistics } from './detections-text.ts';
import type { Io } from './io.ts';
import { commandActor } from './quarantine-actions.ts';
import { createStderrLogger } from './stderr-logger.ts';
import { formatTable } from './terminal-text.ts';

const HELP = `Usage: postern detections list [FILTER]... [--limit N] [--json]
       postern detections stats [--days N] [--json]
       postern detections retro-hunt [--days N] [--json]
       postern detections hunts [--limit N] [--json]

list: messages that were not clean, newest first. stats: what was scanned, found and let through, by day (UTC).
retro-hunt: judges the originals in the quarantine again with the rules of today, and says who was given what
is bad now; also what was clean for one reader and bad for a later one. hunts: what the retro-hunts found that the
gateway made by itself when its rules changed (history.retroHuntDays), newest first.

  --verdict V     malicious, suspicious, unscannable or skipped
  --rule TEXT     part of the name of a rule
  --user NAME     login name
  --digest HEX    beginning of the SHA-256
  --observed      what rules on trial matched, instead of what was found
  --from, --to TIME   such as 2026-11-21 or 2026-11-21T08:00Z
  --days N        days back from now (default 30)
  --limit N       lines at most (default 100)
  --json          one JSON object per line; stats and retro-hunt: one JSON object
${CONFIG_HELP}
  --help          this text

Exit code: 0 done; 1 retro-hunt found something; 2 an error.
`;

const PAGE = 200;
const DAY_MS = 86_400_000;

interface Values {
  readonly verdict?: string | undefined;
  readonly rule?: string | undefined;
  readonly user?: string | undefined;
  readonly digest?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly days?: string | undefined;
  readonly limit?: string | undefined;
  readonly observed: boolean;
  readonly json: boolean;
}

interface Call {
  readonly history: SqliteHistory;
  readonly shelf: SqliteHuntShelf;
  readonly values: Values;
  readonly config: Config;
  readonly io: Io;
  readonly roof: Roof;
}

const VERDICTS = ['malicious', 'suspicious', 'unscannable', 'skipped'] as const;

function numberOf(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > 1_000_000) {
    throw new UsageError(`--${name} has to be a number from 1 to 1000000, not ${JSON.stringify(text)}`);
  }
  return value;
}

function timeOf(name: string, text: string | undefined): number | undefined {
  const time = text === undefined ? undefined : Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--${name} is no time: ${JSON.stringify(text)}`);
  return time;
}

function filterOf(values: Values): Omit<DetectionQuery, 'limit'> {
  const verdict = VERDICTS.find((one) => one === values.verdict);
  if (values.verdict !== undefined && verdict === undefined) {
    throw new UsageError(`--verdict is one of ${VERDICTS.join(', ')}`);
  }
  const { rule, user, digest, observed } = values;
  return {
    observed,
    verdict,
    rule,
    user,
    digest,
    from: timeOf('from', values.from),
    to: timeOf('to', values.to),
  };
}

async function list({ history, values, io }: Call): Promise<number> {
  const filter = filterOf(values);
  const wanted = numberOf('limit', values.limit, 100);
  const all: Detection[] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = history.search({ ...filter, limit: Math.min(PAGE, wanted - all.length), cursor });
    all.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined && all.length < wanted);
  if (values.json) {
    for (const detection of all) await io.out(`${JSON.stringify(detection)}\n`);
    return EXIT_OK;
  }
  await io.out(
    all.length === 0 ? 'nothing was found\n' : formatTable(DETECTION_COLUMNS, all.map(detectionRow)),
  );
  return EXIT_OK;
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

async function stats({ history, values, io }: Call): Promise<number> {
  const days = numberOf('days', values.days, 30);
  const now = systemClock.now();
  const statistics = history.statistics(dayOf(now - (days - 1) * DAY_MS), dayOf(now));
  await io.out(values.json ? `${JSON.stringify(statistics)}\n` : formatStatistics(statistics));
  return EXIT_OK;
}

async function retroHunt({ history, values, config, io, roof }: Call): Promise<number> {
  const days = numberOf('days', values.days, 30);
  const log = createStderrLogger(io);
  const { archive, audit } = openQuarantine(config.quarantine, systemClock, log);
  const opened = await roof.openScanner(config, log, { verdictsOnly: true });
  try {
    audit.append({ actor: commandActor(), action: 'retro-hunt', object: `${days} days`, detail: '' });
    const hunt = new QuarantineRetroHunt({
      scanner: opened.scanner,
      archive,
      history,
      clock: systemClock,
      log,
    });
    const report = await hunt.run(days);
    await io.out(values.json ? `${JSON.stringify(report)}\n` : formatHunt(report));
    return report.nowBad.length > 0 ? EXIT_NO : EXIT_OK;
  } finally {
    await opened.close();
    await archive.close();
  }
}

async function hunts({ shelf, values, io }: Call): Promise<number> {
  const reports = shelf.list(numberOf('limit', values.limit, 10));
  if (values.json) {
    for (const report of reports) await io.out(`${JSON.stringify(report)}\n`);
  } else {
    const text = reports.map((report) => `${report.startedAt.slice(0, 19)} ${formatHunt(report)}`).join('\n');
    await io.out(text === '' ? 'no retro-hunt has followed a change of the rules yet\n' : text);
  }
  return EXIT_OK;
}

const ACTIONS: ReadonlyMap<string, (call: Call) => Promise<number>> = new Map([
  ['list', list],
  ['stats', stats],
  ['retro-hunt', retroHunt],
  ['hunts', hunts],
]);

const TEXT = { type: 'string' } as const;

export const detectionsCommand: Command = {
  name: 'detections',
  summary: 'list what was found, statistics, and who got what is bad today',
  help: HELP,
  async run(argv, io, roof) {
    const { values, positionals } = readArguments({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: TEXT,
        verdict: TEXT,
        rule: TEXT,
        user: TEXT,
        digest: TEXT,
        from: TEXT,
        to: TEXT,
        days: TEXT,
        limit: TEXT,
        observed: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const [name = '', ...rest] = positionals;
    const action = ACTIONS.get(name);
    if (action === undefined || rest.length > 0)
      throw new UsageError('say one of: list, stats, retro-hunt, hunts');
    const config = loadForTool(values.config, io.env);
    const path = historyPathOf(config);
    if (!existsSync(path)) throw new UsageError(`there is no history at ${path}; nothing was judged yet`);
    const file = historyDatabase(path);
    const history = new SqliteHistory(file);
    const shelf = new SqliteHuntShelf(file);
    try {
      return await action({ history, shelf, values, config, io, roof });
    } finally {
      history.close();
    }
  },
};
