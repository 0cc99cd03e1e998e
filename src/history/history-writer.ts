import { z } from 'zod';
import type { SqliteFile } from '../base/sqlite-file.ts';
import type { Finding } from '../scan/verdict.ts';
import type { JudgedMessage } from './judgement-log.ts';

export interface HistoryLimits {
  readonly retentionDays: number;
  readonly maxDetections: number;
  readonly maxFetches: number;
}

/** A judgement with its time, milliseconds since 1970. */
export interface TimedJudgement {
  readonly at: number;
  readonly judged: JudgedMessage;
}

const DAY_MS = 86_400_000;
/** Names that clients choose are cut here. */
const MAX_TEXT = 1_000;
/** Findings of one detection that are kept. */
const MAX_FINDINGS = 50;
/** Names that are remembered with their numbers; a few thousand users and mailboxes. */
const MAX_NAMES = 20_000;
const DIGEST = /^[0-9a-f]{64}$/u;

const cut = (text: string): string => text.slice(0, MAX_TEXT);

/** Writes judgements in batches, each in one transaction. Every method throws `STORE_FAILED`. */
export class HistoryWriter {
  readonly #file: SqliteFile;
  readonly #limits: HistoryLimits;
  readonly #names = new Map<string, number>();

  constructor(file: SqliteFile, limits: HistoryLimits) {
    this.#file = file;
    this.#limits = limits;
  }

  write(batch: readonly TimedJudgement[]): void {
    try {
      this.#file.transaction(() => {
        const counts = new DayCounter();
        for (const one of batch) {
          counts.add(one);
          this.#writeFetch(one);
          if (one.judged.verdict.kind !== 'clean') this.#writeDetection(one);
          this.#writeObservation(one);
        }
        this.#writeCounts(counts);
      });
    } catch (error) {
      this.#names.clear(); // numbers of names that were not written
      throw error;
    }
  }

  /** Deletes what is too old or too much, a bounded number of rows at a time. */
  prune(now: number): void {
    const { retentionDays, maxDetections, maxFetches } = this.#limits;
    const before = now - retentionDays * DAY_MS;
    this.#file.transaction(() => {
      this.#delete('detections', before, maxDetections);
      this.#delete('observations', before, maxDetections);
      this.#delete('fetches', before, maxFetches);
      this.#file.run('DELETE FROM days WHERE day < ?', new Date(before).toISOString().slice(0, 10));
    });
  }

  /** Rows are in the order of time: it is enough to look at the oldest, however many there are. */
  #delete(table: 'detections' | 'observations' | 'fetches', before: number, keep: number): void {
    const sql = `DELETE FROM ${table} WHERE id IN (
      SELECT id FROM ${table} ORDER BY id LIMIT ${PRUNE_ROWS})
      AND (at < ? OR id <= (SELECT max(id) FROM ${table}) - ?)`;
    this.#file.run(sql, before, keep);
  }

  #writeDetection(one: TimedJudgement): void {
    const { verdict } = one.judged;
    const findings = 'findings' in verdict ? verdict.findings.slice(0, MAX_FINDINGS) : [];
    const rowId = this.#insert('detections', one, findings);
    for (const { namespace, rule } of findings) {
      this.#file.run('INSERT OR IGNORE INTO rule_hits VALUES (?, ?, ?)', rowId, namespace, rule);
    }
  }

  #writeObservation(one: TimedJudgement): void {
    const { observed = [] } = one.judged;
    if (observed.length > 0) this.#insert('observations', one, observed.slice(0, MAX_FINDINGS));
  }

  #insert(
    table: 'detections' | 'observations',
    { at, judged }: TimedJudgement,
    findings: readonly Finding[],
  ): number {
    const { verdict, action, user, sha256 } = judged;
    const detail = {
      scanId: cut(judged.scanId),
      protocol: judged.protocol,
      client: cut(judged.client),
      application: cut(judged.application),
      mailbox: cut(judged.mailbox),
      uidValidity: uidValidityOf(judged.identity),
      uid: cut(judged.uid),
      isUpload: judged.isUpload,
      bytes: judged.bytes,
      generation: judged.generation,
      findings: findings.map((finding) => ({ ...finding, part: cut(finding.part) })),
    };
    const rules = findings.map(({ namespace, rule }) => `${namespace}/${rule}`.toLowerCase()).join('\n');
    const sql = `INSERT INTO ${table} (at, verdict, cause, action, user, sha256, rules_key, detail)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
    const cause = causeOf(judged);
    const values = [at, verdict.kind, cause, action, cut(user), sha256, rules, JSON.stringify(detail)];
    return this.#file.run(sql, ...values).rowId;
  }

  #writeFetch({ at, judged }: TimedJudgement): void {
    if (judged.subject !== 'message' || !DIGEST.test(judged.sha256)) return;
    const { user, client, application, mailbox, protocol, verdict, action, generation } = judged;
    const names = [user, client, application, mailbox, protocol, verdict.kind, action, generation];
    const numbers = names.map((name) => this.#numberOf(cut(name)));
    this.#file.run(
      'INSERT INTO fetches VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      at,
      Buffer.from(judged.sha256, 'hex'),
      ...numbers,
      cut(judged.uid),
    );
  }

  #numberOf(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    this.#file.run('INSERT OR IGNORE INTO names (name) VALUES (?)', name);
    const number = z.int().parse(this.#file.get('SELECT id FROM names WHERE name = ?', name)?.['id']);
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    this.#names.set(name, number);
    return number;
  }

  #writeCounts(counts: DayCounter): void {
    const sql = `INSERT INTO days VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count`;
    for (const [day, what, count] of counts.rows()) this.#file.run(sql, day, what, count);
  }
}

/** Rows that one prune deletes of each kind: twice what one batch adds, in about 1 ms. */
const PRUNE_ROWS = 200;

/** The relays name an IMAP message `MAILBOX;uidvalidity=N;uid=N`. */
function uidValidityOf(identity: string): string | null {
  return /;uidvalidity=(?<value>\d{1,20});uid=\d+$/u.exec(identity)?.groups?.['value'] ?? null;
}

function causeOf({ verdict }: JudgedMessage): string {
  if (verdict.kind === 'unscannable') return verdict.cause;
  return verdict.kind === 'skipped' ? verdict.reason : '';
}

/** Adds up a batch before it is written. */
class DayCounter {
  readonly #counts = new Map<string, Map<string, number>>();

  add({ at, judged }: TimedJudgement): void {
    const day = new Date(at).toISOString().slice(0, 10);
    const counts = this.#counts.get(day) ?? new Map<string, number>();
    this.#counts.set(day, counts);
    const add = (what: string, count: number) => counts.set(what, (counts.get(what) ?? 0) + count);
    add('scanned', 1);
    add('bytes', judged.bytes);
    add(`verdict ${judged.verdict.kind}`, 1);
    add(`action ${judged.action}`, 1);
    if (judged.ledgerCause !== undefined) add(`unscanned ${judged.ledgerCause}`, 1);
  }

  *rows(): Generator<readonly [day: string, what: string, count: number]> {
    for (const [day, counts] of this.#counts) {
      for (const [what, count] of counts) yield [day, what, count];
    }
  }
}
