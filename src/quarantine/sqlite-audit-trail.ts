import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Page } from '../base/page.ts';
import { AUDIT_ACTIONS, type AuditEntry, type AuditRecord, type AuditTrail } from './audit-trail.ts';
import type { QuarantineDatabase } from './quarantine-database.ts';
import { quarantineFailure } from './quarantine-failure.ts';

const MAX_TEXT = 1_000;
/** Failed logins are entries too, so a stranger can add to it; the oldest go. */
const MAX_ENTRIES = 1_000_000;
/** Old entries are deleted in one go each time this many were added. */
const PRUNE_STEP = 1_000;

const rowSchema = z.object({
  id: z.int(),
  at: z.int(),
  actor: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  object: z.string(),
  detail: z.string(),
});

const cut = (text: string): string => text.slice(0, MAX_TEXT);

/** The audit trail in the quarantine's own database: what it tells of and what it tells stand or fall together. */
export class SqliteAuditTrail implements AuditTrail {
  readonly #database: QuarantineDatabase;
  readonly #clock: Clock;

  constructor(database: QuarantineDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  append({ actor, action, object, detail }: AuditEntry): void {
    const sql = 'INSERT INTO audit (at, actor, action, object, detail) VALUES (?, ?, ?, ?, ?)';
    try {
      const at = this.#clock.now();
      const { rowId } = this.#database.run(sql, at, cut(actor), action, cut(object), cut(detail));
      if (rowId % PRUNE_STEP === 0)
        this.#database.run('DELETE FROM audit WHERE id <= ?', rowId - MAX_ENTRIES);
    } catch (error) {
      throw quarantineFailure('the audit trail could not be written', error);
    }
  }

  list({
    limit,
    cursor,
  }: {
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Page<AuditRecord> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number.parseInt(cursor, 10) || 0;
    const sql = 'SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?';
    try {
      const rows = this.#database.all(sql, before, limit + 1).map((row) => rowSchema.parse(row));
      const items = rows.slice(0, limit).map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
      return { items, next: rows.length > limit ? String(items.at(-1)?.id) : null };
    } catch (error) {
      throw quarantineFailure('the audit trail could not be read', error);
    }
  }
}
