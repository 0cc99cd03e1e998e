import { z } from 'zod';
import type { Page } from '../base/page.ts';
import type { Row, SqliteFile } from '../base/sqlite-file.ts';
import type {
  ContentFetch,
  DayCounts,
  Detection,
  DetectionHistory,
  DetectionQuery,
  RuleCount,
  Statistics,
} from './detection-history.ts';
import { fetchRow, findingSchema } from './history-rows.ts';

const TOP_RULES = 20;
const DAY_MS = 86_400_000;

const detailSchema = z.object({
  scanId: z.string(),
  protocol: z.string(),
  client: z.string(),
  application: z.string(),
  mailbox: z.string(),
  uidValidity: z.string().nullable(),
  uid: z.string(),
  isUpload: z.boolean(),
  bytes: z.int(),
  generation: z.string(),
  findings: z.array(findingSchema).readonly(),
});

const detectionRow = z.object({
  id: z.int(),
  at: z.int(),
  verdict: z.enum(['clean', 'malicious', 'suspicious', 'unscannable', 'skipped']),
  cause: z.string(),
  action: z.string(),
  user: z.string(),
  sha256: z.string(),
  detail: z.string(),
});

const dayRow = z.object({ day: z.string(), what: z.string(), count: z.int() });
const ruleRow = z.object({
  rule: z.string(),
  namespace: z.string(),
  detections: z.int(),
  contents: z.int(),
});

const iso = (ms: number): string => new Date(ms).toISOString();

function detectionOf(row: Row, observed = false): Detection {
  const { at, detail, ...kept } = detectionRow.parse(row);
  return { ...kept, ...detailSchema.parse(JSON.parse(detail)), at: iso(at), observed };
}

const nameOf = (column: string): string =>
  `(SELECT name FROM names WHERE names.id = f.${column}) AS ${column}`;

/** The history in its SQLite file. */
export class SqliteHistory implements DetectionHistory {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  search(query: DetectionQuery): Page<Detection> {
    const { where, values } = conditionsOf(query);
    const { observed = false } = query;
    const table = observed ? 'observations' : 'detections';
    const sql = `SELECT * FROM ${table} ${where} ORDER BY id DESC LIMIT ?`;
    const rows = this.#file.all(sql, ...values, query.limit + 1);
    const items = rows.slice(0, query.limit).map((row) => detectionOf(row, observed));
    return { items, next: rows.length > query.limit ? String(items.at(-1)?.id) : null };
  }

  fetchesOf(sha256: string, limit: number): readonly ContentFetch[] {
    const named = ['user', 'client', 'application', 'mailbox', 'protocol', 'verdict', 'action', 'generation'];
    const sql = `SELECT at, uid, ${named.map(nameOf).join(', ')} FROM fetches f
      WHERE digest = ? ORDER BY id DESC LIMIT ?`;
    return this.#file
      .all(sql, Buffer.from(sha256, 'hex'), limit)
      .map((row) => fetchRow.parse(row))
      .map((row) => ({ ...row, at: iso(row.at) }));
  }

  /** Contents with a malicious detection since `from` that somebody got as they are. Newest first. */
  badContents(from: number, limit: number): readonly Detection[] {
    const sql = `SELECT d.* FROM detections d
      WHERE d.at >= ? AND d.verdict = 'malicious' AND d.sha256 <> ''
        AND d.id = (SELECT max(id) FROM detections l WHERE l.sha256 = d.sha256 AND l.verdict = 'malicious')
      ORDER BY d.id DESC LIMIT ?`;
    return this.#file.all(sql, from, limit).map((row) => detectionOf(row));
  }

  statistics(from: string, to: string): Statistics {
    const rows = this.#file
      .all('SELECT day, what, count FROM days WHERE day >= ? AND day <= ? ORDER BY day', from, to)
      .map((row) => dayRow.parse(row));
    const names = [...new Set(rows.map(({ day }) => day))];
    const days = names.map((day) => ({ day, ...countsOf(rows.filter((row) => row.day === day)) }));
    return { days, total: countsOf(rows), topRules: this.#topRules(from, to) };
  }

  #topRules(from: string, to: string): readonly RuleCount[] {
    const sql = `SELECT h.rule, h.namespace, count(*) AS detections, count(DISTINCT d.sha256) AS contents
      FROM detections d JOIN rule_hits h ON h.detection = d.id WHERE d.at >= ? AND d.at < ?
      GROUP BY h.namespace, h.rule ORDER BY detections DESC, h.rule LIMIT ${TOP_RULES}`;
    return this.#file.all(sql, Date.parse(from), Date.parse(to) + DAY_MS).map((row) => ruleRow.parse(row));
  }

  close(): void {
    this.#file.close();
  }
}

type Counts = Omit<DayCounts, 'day'>;

function countsOf(rows: readonly z.output<typeof dayRow>[]): Counts {
  const sums = new Map<string, number>();
  for (const { what, count } of rows) sums.set(what, (sums.get(what) ?? 0) + count);
  const sum = (what: string): number => sums.get(what) ?? 0;
  const unscanned = [...sums].flatMap(([what, count]) =>
    what.startsWith('unscanned ') ? [[what.slice('unscanned '.length), count] as const] : [],
  );
  return {
    scanned: sum('scanned'),
    infected: sum('verdict malicious'),
    suspicious: sum('verdict suspicious'),
    neutralised: sum('action neutralise'),
    blocked: sum('action block'),
    deferred: sum('action defer'),
    bytes: sum('bytes'),
    unscanned: Object.fromEntries(unscanned),
  };
}

type Value = string | number;

function conditionsOf(query: DetectionQuery): { readonly where: string; readonly values: readonly Value[] } {
  const digest = query.digest?.toLowerCase();
  const before = query.cursor === undefined ? undefined : Number.parseInt(query.cursor, 10) || 0;
  const conditions: readonly (readonly [sql: string, ...values: (Value | undefined)[]])[] = [
    ['verdict = ?', query.verdict],
    ['cause = ?', query.cause],
    ['instr(rules_key, ?) > 0', query.rule?.toLowerCase()],
    ['user = ?', query.user],
    ['action = ?', query.action],
    ['at >= ?', query.from],
    ['at < ?', query.to],
    ['sha256 >= ? AND sha256 < ?', digest, digest && `${digest}g`], // g follows f
    ['id < ?', before],
  ];
  const given = conditions.filter(([, first]) => first !== undefined);
  const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
  return { where, values: given.flatMap(([, ...all]) => all.filter((value) => value !== undefined)) };
}
