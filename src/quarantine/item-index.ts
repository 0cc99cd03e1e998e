import { z } from 'zod';
import type { Page } from '../base/page.ts';
import type { Row } from '../base/sqlite-file.ts';
import type { Verdict } from '../scan/verdict.ts';
import type { HeaderGlance } from './header-glance.ts';
import type { QuarantineItem, QuarantineQuery } from './quarantine-archive.ts';
import type { QuarantineDatabase } from './quarantine-database.ts';
import { entrySchema } from './quarantine-record.ts';
import type { QuarantineEntry } from './quarantine-store.ts';

/** People who were given one substitute; a mailing list reaches more, and then the first are enough. */
const MAX_SIGHTINGS = 1_000;

/** A new row. */
export interface NewItem extends HeaderGlance {
  readonly id: string;
  readonly bytes: number;
  readonly entry: QuarantineEntry;
  readonly keyId: string;
  readonly now: number;
}

const rowSchema = z.object({
  id: z.string(),
  bytes: z.int(),
  first_seen: z.int(),
  last_seen: z.int(),
  count: z.int(),
  subject: z.string(),
  sender: z.string(),
  entry: z.string(),
});

const iso = (ms: number): string => new Date(ms).toISOString();

function itemOf(row: Row): QuarantineItem {
  const {
    id,
    bytes,
    first_seen: first,
    last_seen: last,
    count,
    subject,
    sender,
    entry,
  } = rowSchema.parse(row);
  const kept = entrySchema.parse(JSON.parse(entry));
  return { ...kept, id, bytes, firstSeen: iso(first), lastSeen: iso(last), count, subject, sender };
}

function causeOf(verdict: Verdict): string {
  return verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
}

function rulesOf(verdict: Verdict): string {
  const findings = 'findings' in verdict ? verdict.findings : [];
  return findings.map(({ namespace, rule }) => `${namespace}/${rule}`.toLowerCase()).join('\n');
}

/** Rows of the originals. Synchronous, because SQLite is; every method throws `STORE_FAILED`. */
export class ItemIndex {
  readonly #database: QuarantineDatabase;

  constructor(database: QuarantineDatabase) {
    this.#database = database;
  }

  get(id: string): QuarantineItem | undefined {
    const row = this.#database.get('SELECT * FROM items WHERE id = ?', id);
    return row && itemOf(row);
  }

  insert(item: NewItem): void {
    const { id, bytes, entry, keyId, now, subject, sender } = item;
    this.#database.transaction(() => {
      this.#database.run(
        'INSERT INTO items VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)',
        id,
        bytes,
        now,
        now,
        causeOf(entry.verdict),
        keyId,
        subject,
        sender,
        subject.toLowerCase(),
        sender.toLowerCase(),
        rulesOf(entry.verdict),
        JSON.stringify({ ...entry, sha256: id }),
      );
      this.#see(id, entry, now);
    });
  }

  /** The same content again: the first sighting stays, the last one and the count move on. */
  seeAgain(id: string, entry: QuarantineEntry, now: number): void {
    this.#database.transaction(() => {
      this.#database.run('UPDATE items SET last_seen = ?, count = count + 1 WHERE id = ?', now, id);
      this.#see(id, entry, now);
    });
  }

  remove(id: string): boolean {
    return this.#database.run('DELETE FROM items WHERE id = ?', id).changes === 1;
  }

  totals(): { readonly objects: number; readonly bytes: number } {
    const row = this.#database.get('SELECT objects, bytes FROM totals');
    return z.object({ objects: z.int(), bytes: z.int() }).parse(row);
  }

  keyIds(): readonly string[] {
    return this.#ids('SELECT DISTINCT key_id AS id FROM items');
  }

  /** Not fetched since `before`, oldest first. */
  seenBefore(before: number, limit: number): readonly string[] {
    return this.#ids('SELECT id FROM items WHERE last_seen < ? ORDER BY last_seen LIMIT ?', before, limit);
  }

  /** Released for everybody and offered to nobody any more, oldest first: what is missed least. */
  released(limit: number): readonly string[] {
    const sql = `SELECT id FROM items i
      WHERE EXISTS (SELECT 1 FROM releases r WHERE r.sha256 = i.id AND r.user = '' AND r.withdrawn_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.sha256 = i.id AND o.state = 'waiting')
      ORDER BY last_seen LIMIT ?`;
    return this.#ids(sql, limit);
  }

  /** Not fetched since `before`, oldest first, without what a release or an offer still speaks of. */
  evictable(before: number, limit: number): readonly string[] {
    const sql = `SELECT id FROM items i WHERE last_seen < ?
        AND NOT EXISTS (SELECT 1 FROM releases r WHERE r.sha256 = i.id AND r.withdrawn_at IS NULL)
        AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.sha256 = i.id AND o.state = 'waiting')
      ORDER BY last_seen LIMIT ?`;
    return this.#ids(sql, before, limit);
  }

  search(query: QuarantineQuery): Page<QuarantineItem> {
    const { where, values } = conditionsOf(query);
    const sql = `SELECT * FROM items ${where} ORDER BY last_seen DESC, id LIMIT ?`;
    const rows = this.#database.all(sql, ...values, query.limit + 1);
    const items = rows.slice(0, query.limit).map(itemOf);
    const last = items.at(-1);
    const hasMore = rows.length > query.limit && last !== undefined;
    return { items, next: hasMore ? `${Date.parse(last.lastSeen)}.${last.id}` : null };
  }

  #see(id: string, { user, mailbox, protocol }: QuarantineEntry, now: number): void {
    const sql = `INSERT INTO sightings SELECT ?1, ?2, ?3, ?4, ?5
      WHERE (SELECT count(*) FROM sightings WHERE id = ?1) < ${MAX_SIGHTINGS}
      ON CONFLICT DO UPDATE SET last_seen = ?5`;
    this.#database.run(sql, id, user, mailbox, protocol, now);
  }

  #ids(sql: string, ...values: readonly (string | number)[]): readonly string[] {
    return this.#database.all(sql, ...values).map((row) => z.string().parse(row['id']));
  }
}

type Value = string | number;

function conditionsOf(query: QuarantineQuery): { readonly where: string; readonly values: readonly Value[] } {
  const digest = query.digest?.toLowerCase();
  const conditions: readonly (readonly [sql: string, ...values: (Value | undefined)[]])[] = [
    ['cause = ?', query.cause],
    ['instr(rules_key, ?) > 0', query.rule?.toLowerCase()],
    ['EXISTS (SELECT 1 FROM sightings s WHERE s.user = ? AND s.id = items.id)', query.user],
    ['instr(sender_key, ?) > 0', query.sender?.toLowerCase()],
    ['instr(subject_key, ?) > 0', query.subject?.toLowerCase()],
    ['last_seen >= ?', query.from],
    ['last_seen < ?', query.to],
    ['id >= ? AND id < ?', digest, digest && `${digest}g`], // g follows f: every id with this beginning
    ['(last_seen < ? OR (last_seen = ? AND id > ?))', ...afterCursor(query.cursor)],
  ];
  const given = conditions.filter(([, first]) => first !== undefined);
  const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`;
  const values = given.flatMap(([, ...all]) => all.filter((value) => value !== undefined));
  return { where, values };
}

/** A cursor that is none of ours begins behind the end. */
function afterCursor(cursor: string | undefined): readonly (Value | undefined)[] {
  if (cursor === undefined) return [undefined];
  const [time = '', id = ''] = cursor.split('.', 2);
  const lastSeen = /^\d{1,15}$/u.test(time) ? Number(time) : -1;
  return [lastSeen, lastSeen, id];
}
