import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Page } from '../base/page.ts';
import type { Row } from '../base/sqlite-file.ts';
import type { Verdict } from '../scan/verdict.ts';
import type { HeaderGlance } from './header-glance.ts';
import type { IndexSeal } from './index-seal.ts';
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
  sealed: z.instanceof(Uint8Array),
});
const glanceRow = z.object({ glance: z.instanceof(Uint8Array) });
const sealedSchema = z.object({ subject: z.string(), sender: z.string(), entry: entrySchema });
/** A row of a version before rows were sealed. */
const plainRow = z.object({ id: z.string(), subject: z.string(), sender: z.string(), entry: z.string() });

const iso = (ms: number): string => new Date(ms).toISOString();

function itemOf(row: Row, seal: IndexSeal): QuarantineItem {
  const { id, bytes, first_seen: first, last_seen: last, count, sealed } = rowSchema.parse(row);
  const { entry, subject, sender } = sealedSchema.parse(JSON.parse(seal.open(sealed, id)));
  return { ...entry, id, bytes, firstSeen: iso(first), lastSeen: iso(last), count, subject, sender };
}

function causeOf(verdict: Verdict): string {
  return verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
}

function rulesOf(verdict: Verdict): string {
  const findings = 'findings' in verdict ? verdict.findings : [];
  return findings.map(({ namespace, rule }) => `${namespace}/${rule}`.toLowerCase()).join('\n');
}

/** What a search compares, in lower case. Never changes for one content, so it is kept by its name. */
interface SearchText {
  readonly subject: string;
  readonly sender: string;
}

/** Texts that are kept opened: some megabytes; the rows of a larger quarantine are opened at each search. */
const MAX_OPENED = 20_000;
/** Rows that are looked at in one turn of the event loop: about 2 ms, and 15 ms when none of them is kept. */
const SEARCH_STEP = 2_000;
/** Rows that are opened in one turn while nobody waits: about 2 ms. */
const WARM_STEP = 100;
/** Rows of an earlier version that are sealed in one transaction. */
const SEAL_STEP = 200;

/** Rows of the originals. Every method throws or rejects with `STORE_FAILED`, or `QUARANTINE_FAILED` for a row that is damaged. */
export class ItemIndex {
  readonly #database: QuarantineDatabase;
  readonly #opened = new Map<string, SearchText>();

  constructor(database: QuarantineDatabase) {
    this.#database = database;
  }

  has(id: string): boolean {
    return this.#database.get('SELECT 1 FROM items WHERE id = ?', id) !== undefined;
  }

  get(id: string, seal: IndexSeal): QuarantineItem | undefined {
    const row = this.#database.get('SELECT * FROM items WHERE id = ?', id);
    return row && itemOf(row, seal);
  }

  insert(item: NewItem, seal: IndexSeal): void {
    const { id, bytes, entry, keyId, now, subject, sender } = item;
    const sql = `INSERT INTO items VALUES (?, ?, ?, ?, 1, ?, ?, '', '', '', '', ?, '', ?, ?)`;
    const rules = rulesOf(entry.verdict);
    const blobs = blobsOf({ id, subject, sender, entry: { ...entry, sha256: id } }, seal);
    this.#database.transaction(() => {
      this.#database.run(sql, id, bytes, now, now, causeOf(entry.verdict), keyId, rules, ...blobs);
      this.#see(id, entry, now);
    });
    this.#keep(id, searchTextOf(subject, sender));
  }

  /** Opens what a search compares before anybody searches, a little at a time. */
  async warm(seal: IndexSeal, signal: AbortSignal): Promise<void> {
    let after = '';
    while (!signal.aborted && this.#opened.size < MAX_OPENED) {
      const sql = `SELECT id FROM items WHERE id > ? ORDER BY id LIMIT ${WARM_STEP}`;
      const ids = this.#ids(sql, after);
      for (const id of ids) this.#textOf(id, seal);
      if (ids.length < WARM_STEP) return;
      after = ids.at(-1) ?? after;
      await nextTurn();
    }
  }

  /** Seals the rows of an earlier version and leaves nothing of their texts in the file; resolves with their number. */
  async sealPlain(seal: IndexSeal): Promise<number> {
    let count = 0;
    if (this.#database.get('SELECT 1 FROM items WHERE sealed IS NULL LIMIT 1') === undefined) return count;
    this.#database.all('PRAGMA secure_delete = ON');
    for (let done = this.#sealSome(seal); done > 0; done = this.#sealSome(seal)) {
      count += done;
      await nextTurn();
    }
    this.#database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    return count;
  }

  #sealSome(seal: IndexSeal): number {
    const sql = `UPDATE items SET subject = '', sender = '', subject_key = '', sender_key = '', entry = '',
      glance = ?, sealed = ? WHERE id = ?`;
    return this.#database.transaction(() => {
      const rows = this.#database.all(`SELECT * FROM items WHERE sealed IS NULL LIMIT ${SEAL_STEP}`);
      for (const row of rows) {
        const { entry, ...plain } = plainRow.parse(row);
        const blobs = blobsOf({ ...plain, entry: entrySchema.parse(JSON.parse(entry)) }, seal);
        this.#database.run(sql, ...blobs, plain.id);
      }
      return rows.length;
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

  async search(query: QuarantineQuery, seal: IndexSeal): Promise<Page<QuarantineItem>> {
    const isByText = query.subject !== undefined || query.sender !== undefined;
    const rows = isByText ? await this.#searchTexts(query, seal) : this.#rows(query, '*', query.limit + 1);
    const items = rows.slice(0, query.limit).map((row) => itemOf(row, seal));
    const last = items.at(-1);
    const hasMore = rows.length > query.limit && last !== undefined;
    return { items, next: hasMore ? `${Date.parse(last.lastSeen)}.${last.id}` : null };
  }

  #rows(query: QuarantineQuery, columns: string, limit: number): readonly Row[] {
    const { where, values } = conditionsOf(query);
    const sql = `SELECT ${columns} FROM items ${where} ORDER BY last_seen DESC, id LIMIT ?`;
    return this.#database.all(sql, ...values, limit);
  }

  /** What else is asked for is left to the database; the texts are sealed, so they are opened and compared here. */
  async #searchTexts(query: QuarantineQuery, seal: IndexSeal): Promise<readonly Row[]> {
    const subject = query.subject?.toLowerCase() ?? '';
    const sender = query.sender?.toLowerCase() ?? '';
    const found: Row[] = [];
    let cursor = query.cursor;
    for (;;) {
      const rows = this.#rows({ ...query, cursor }, 'id, last_seen', SEARCH_STEP);
      for (const { id, last_seen: lastSeen } of rows) {
        if (typeof id !== 'string') continue; // the column is the primary key; a schema for each row costs too much
        const text = this.#textOf(id, seal);
        if (text?.subject.includes(subject) === true && text.sender.includes(sender)) {
          const whole = this.#database.get('SELECT * FROM items WHERE id = ?', id);
          if (whole !== undefined) found.push(whole);
          if (found.length > query.limit) return found;
        }
        cursor = `${Number(lastSeen)}.${id}`;
      }
      if (rows.length < SEARCH_STEP) return found;
      await nextTurn();
    }
  }

  /** Undefined when the row went meanwhile. */
  #textOf(id: string, seal: IndexSeal): SearchText | undefined {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    const row = this.#database.get('SELECT glance FROM items WHERE id = ?', id);
    if (row === undefined) return undefined;
    const [subject = '', sender = ''] = seal.open(glanceRow.parse(row).glance, id).split('\n');
    return this.#keep(id, { subject, sender });
  }

  #keep(id: string, text: SearchText): SearchText {
    if (this.#opened.size < MAX_OPENED) this.#opened.set(id, text);
    return text;
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

/** Both texts are one line each: control characters were taken out when the header was read. */
function blobsOf(
  { id, subject, sender, entry }: Pick<NewItem, 'id' | 'subject' | 'sender' | 'entry'>,
  seal: IndexSeal,
): readonly [glance: Buffer, sealed: Buffer] {
  const text = searchTextOf(subject, sender);
  return [
    seal.seal(`${text.subject}\n${text.sender}`, id),
    seal.seal(JSON.stringify({ subject, sender, entry }), id),
  ];
}

const oneLine = (text: string): string => text.replaceAll('\n', ' ').toLowerCase();

function searchTextOf(subject: string, sender: string): SearchText {
  return { subject: oneLine(subject), sender: oneLine(sender) };
}

type Value = string | number;

function conditionsOf(query: QuarantineQuery): { readonly where: string; readonly values: readonly Value[] } {
  const digest = query.digest?.toLowerCase();
  const conditions: readonly (readonly [sql: string, ...values: (Value | undefined)[]])[] = [
    ['cause = ?', query.cause],
    ['instr(rules_key, ?) > 0', query.rule?.toLowerCase()],
    ['EXISTS (SELECT 1 FROM sightings s WHERE s.user = ? AND s.id = items.id)', query.user],
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
