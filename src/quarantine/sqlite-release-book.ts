import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Page } from '../base/page.ts';
import type { Row } from '../base/sqlite-file.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { QuarantineDatabase } from './quarantine-database.ts';
import { quarantineFailure } from './quarantine-failure.ts';
import type { ReleaseChange, ReleaseChangeQuery } from './release-exchange.ts';
import type { ReleaseBook, ReleaseQuery, ReleaseRecord, ReleaseRequest } from './release-book.ts';
import type { Release } from './release-list.ts';

const MAX_TEXT = 1_000;

const rowSchema = z.object({
  id: z.string(),
  sha256: z.string(),
  user: z.string(),
  reason: z.string(),
  actor: z.string(),
  at: z.int(),
  withdrawn_at: z.int().nullable(),
  withdrawn_by: z.string().nullable(),
  pending: z.int(),
  changed_at: z.int(),
});

const COLUMNS = `r.*, (SELECT count(*) FROM offers o WHERE o.release_id = r.id AND o.state = 'waiting') AS pending`;

const iso = (ms: number): string => new Date(ms).toISOString();

function recordOf(row: Row): ReleaseRecord {
  const { at, withdrawn_at: until, withdrawn_by: by, pending, changed_at: _, ...kept } = rowSchema.parse(row);
  return {
    ...kept,
    at: iso(at),
    withdrawnAt: until === null ? null : iso(until),
    withdrawnBy: by,
    pendingOffers: pending,
  };
}

/** Releases in the quarantine's database, read anew each time, so that every process of this host agrees. */
export class SqliteReleaseBook implements ReleaseBook {
  readonly #database: QuarantineDatabase;
  readonly #audit: AuditTrail;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(database: QuarantineDatabase, audit: AuditTrail, clock: Clock, log: Logger) {
    this.#database = database;
    this.#audit = audit;
    this.#clock = clock;
    this.#log = log;
  }

  find(sha256: string, user: string): Release | undefined {
    const sql = `SELECT id, sha256, user FROM releases
      WHERE sha256 = ? AND user IN ('', ?) AND withdrawn_at IS NULL LIMIT 1`;
    try {
      const row = this.#database.get(sql, sha256, user);
      return row && z.object({ id: z.string(), sha256: z.string(), user: z.string() }).parse(row);
    } catch (error) {
      this.#log.error({ err: error }, 'the releases cannot be read, so nothing is released');
      return undefined;
    }
  }

  async release(request: ReleaseRequest): Promise<ReleaseRecord> {
    try {
      const id = this.#database.transaction(() => this.#release(request));
      await this.#database.flush();
      return this.#get(id);
    } catch (error) {
      throw quarantineFailure('the release could not be kept', error);
    }
  }

  #release(request: ReleaseRequest): string {
    const { sha256, user, offerAnew, actor } = request;
    const reason = request.reason.slice(0, MAX_TEXT);
    const id = this.#held(sha256, user) ?? this.#insert(request);
    const offers = offerAnew ? this.#offer(id, sha256, user) : 0;
    const who = user === '' ? 'everybody' : user;
    const anew = offers === 0 ? '' : `, offered anew to ${offers} mailboxes`;
    this.#audit.append({ actor, action: 'release', object: sha256, detail: `for ${who}${anew}: ${reason}` });
    return id;
  }

  #held(sha256: string, user: string): string | undefined {
    const sql = 'SELECT id FROM releases WHERE sha256 = ? AND user = ? AND withdrawn_at IS NULL';
    return z
      .string()
      .optional()
      .parse(this.#database.get(sql, sha256, user)?.['id']);
  }

  #insert({ sha256, user, reason, actor }: ReleaseRequest): string {
    const id = randomUUID();
    const text = reason.slice(0, MAX_TEXT);
    const sql = 'INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?)';
    const now = this.#clock.now();
    this.#database.run(sql, id, sha256, user, text, actor, now, now);
    return id;
  }

  /** Only IMAP clients keep a substitute beside which a new message can be put. */
  #offer(releaseId: string, sha256: string, user: string): number {
    const sql = `INSERT INTO offers (release_id, sha256, user, mailbox, state, attempts, leased_until, reason)
      SELECT ?1, id, user, mailbox, 'waiting', 0, 0, '' FROM sightings s
      WHERE id = ?2 AND (?3 = '' OR user = ?3) AND protocol = 'imap' AND mailbox <> '' AND user <> ''
        AND NOT EXISTS (SELECT 1 FROM offers o
          WHERE o.sha256 = s.id AND o.user = s.user AND o.mailbox = s.mailbox AND o.state IN ('waiting', 'appended'))`;
    return this.#database.run(sql, releaseId, sha256, user).changes;
  }

  async withdraw(id: string, actor: string): Promise<ReleaseRecord | undefined> {
    try {
      const isDone = this.#database.transaction(() => this.#withdraw(id, actor));
      await this.#database.flush();
      return isDone ? this.#get(id) : undefined;
    } catch (error) {
      throw quarantineFailure('the release could not be withdrawn', error);
    }
  }

  #withdraw(id: string, actor: string): boolean {
    const isDone = this.#end(id, this.#clock.now(), actor);
    if (isDone) {
      const { sha256 } = this.#get(id);
      this.#audit.append({ actor, action: 'withdraw', object: sha256, detail: `release ${id}` });
    }
    return isDone;
  }

  #end(id: string, at: number, by: string): boolean {
    const sql = `UPDATE releases SET withdrawn_at = ?, withdrawn_by = ?, changed_at = ?
      WHERE id = ? AND withdrawn_at IS NULL`;
    const isDone = this.#database.run(sql, at, by, this.#clock.now(), id).changes === 1;
    const offers = "UPDATE offers SET state = 'withdrawn' WHERE release_id = ? AND state = 'waiting'";
    if (isDone) this.#database.run(offers, id);
    return isDone;
  }

  async changes({ since, limit, cursor }: ReleaseChangeQuery): Promise<Page<ReleaseChange>> {
    const [time = '', after = ''] = (cursor ?? `${since}.`).split('.', 2);
    const at = /^\d{1,16}$/u.test(time) ? Number(time) : Number.MAX_SAFE_INTEGER;
    const sql = `SELECT ${COLUMNS} FROM releases r
      WHERE changed_at >= ?2 AND (changed_at > ?1 OR (changed_at = ?1 AND id > ?3)) ORDER BY changed_at, id LIMIT ?4`;
    try {
      const rows = this.#database.all(sql, at, since, after, limit + 1);
      const items = rows.slice(0, limit).map((row) => ({
        ...recordOf(row),
        changedAt: z.int().parse(row['changed_at']),
      }));
      const last = items.at(-1);
      const hasMore = rows.length > limit && last !== undefined;
      return { items, next: hasMore ? `${last.changedAt}.${last.id}` : null };
    } catch (error) {
      throw quarantineFailure('the releases could not be read', error);
    }
  }

  async adopt(peer: string, records: readonly ReleaseRecord[]): Promise<number> {
    try {
      const count = this.#database.transaction(() => records.filter((one) => this.#adopt(peer, one)).length);
      if (count > 0) await this.#database.flush();
      return count;
    } catch (error) {
      throw quarantineFailure('the releases of another gateway could not be kept', error);
    }
  }

  #adopt(peer: string, record: ReleaseRecord): boolean {
    const { id, sha256, user, reason, actor, at, withdrawnAt, withdrawnBy } = record;
    const until = withdrawnAt === null ? null : Date.parse(withdrawnAt);
    const sql = 'INSERT OR IGNORE INTO releases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
    const values = [sha256, user, reason.slice(0, MAX_TEXT), actor, Date.parse(at), until, withdrawnBy];
    const isNew = this.#database.run(sql, id, ...values, this.#clock.now()).changes === 1;
    const isEnded = !isNew && until !== null && this.#end(id, until, withdrawnBy ?? '');
    if (!isNew && !isEnded) return false;
    this.#audit.append({
      actor: `peer:${peer}`,
      action: until === null ? 'release' : 'withdraw',
      object: sha256,
      detail: `by ${until === null ? actor : (withdrawnBy ?? '')}, release ${id}: ${reason}`,
    });
    return true;
  }

  async list(query: ReleaseQuery): Promise<Page<ReleaseRecord>> {
    const [time = '', after = ''] = (query.cursor ?? `${Number.MAX_SAFE_INTEGER}.`).split('.', 2);
    const at = /^\d{1,16}$/u.test(time) ? Number(time) : -1;
    const sql = `SELECT ${COLUMNS} FROM releases r
      WHERE (at < ?1 OR (at = ?1 AND id > ?2)) AND (?3 OR withdrawn_at IS NULL) AND (?4 = '' OR sha256 = ?4)
      ORDER BY at DESC, id LIMIT ?5`;
    try {
      const all = query.all === true ? 1 : 0;
      const rows = this.#database.all(sql, at, after, all, query.sha256 ?? '', query.limit + 1);
      const items = rows.slice(0, query.limit).map(recordOf);
      const last = items.at(-1);
      const hasMore = rows.length > query.limit && last !== undefined;
      return { items, next: hasMore ? `${Date.parse(last.at)}.${last.id}` : null };
    } catch (error) {
      throw quarantineFailure('the releases could not be read', error);
    }
  }

  #get(id: string): ReleaseRecord {
    const row = this.#database.get(`SELECT ${COLUMNS} FROM releases r WHERE id = ?`, id);
    if (row === undefined) throw new Error('there is no such release');
    return recordOf(row);
  }
}
