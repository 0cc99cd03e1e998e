import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { GatewayError } from './errors.ts';

/** Another process may hold the write lock for a moment; the event loop must not stand still for longer. */
const LOCK_WAIT_MS = 25;
/** Prepared statements that are kept. */
const MAX_STATEMENTS = 64;

export type Row = Readonly<Record<string, unknown>>;

export interface SqliteFileOptions {
  readonly path: string;
  /** How people call it, e.g. `the quarantine index`. */
  readonly name: string;
  /** SQL that leads from version N to N + 1; the first makes everything. Never changed once released. */
  readonly migrations: readonly string[];
}

/** One SQLite database of this process: WAL, private, migrated. Every failure is a `GatewayError` with a remedy. */
export class SqliteFile {
  readonly path: string;
  readonly #name: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** The file was made just now. */
  readonly isNew: boolean;

  /** Throws `STORE_FAILED` when the file cannot be used: locked, damaged, of a newer version, not writable. */
  constructor(options: SqliteFileOptions) {
    this.path = options.path;
    this.#name = options.name;
    this.#database = this.#guard(() => open(options.path));
    try {
      this.isNew = this.#guard(() => migrate(this.#database, options));
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  run(
    sql: string,
    ...values: readonly SQLInputValue[]
  ): { readonly changes: number; readonly rowId: number } {
    return this.#guard(() => {
      const { changes, lastInsertRowid } = this.#prepared(sql).run(...values);
      return { changes: Number(changes), rowId: Number(lastInsertRowid) };
    });
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#guard(() => this.#prepared(sql).all(...values));
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepared(sql).get(...values));
  }

  /** All or nothing. */
  transaction<T>(work: () => T): T {
    this.#guard(() => this.#database.exec('BEGIN IMMEDIATE'));
    try {
      const result = work();
      this.#guard(() => this.#database.exec('COMMIT'));
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#guard(() => this.#database.exec('ROLLBACK'));
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw failure(this.#name, this.path, cause);
    }
  }
}

function open(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS, enableDoubleQuotedStringLiterals: false });
  try {
    chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Returns whether there was nothing before. */
function migrate(database: DatabaseSync, { migrations, name }: SqliteFileOptions): boolean {
  const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (version > migrations.length) {
    throw new GatewayError(
      'STORE_FAILED',
      `${name} is of a newer version of this program. Install that version`,
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index >= version)
      database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
  return version === 0;
}

/** https://www.sqlite.org/rescode.html: the low byte is the primary code. */
const REMEDIES: ReadonlyMap<number, readonly [what: string, remedy: string, retryable: boolean]> = new Map([
  [5, ['is locked by another process', 'End the other process, or wait', true]],
  [6, ['is locked by another process', 'End the other process, or wait', true]],
  [8, ['cannot be written', 'Let the user of this process write the file and its folder', true]],
  [10, ['cannot be read or written', 'Check the disk', true]],
  [11, ['is damaged', 'Stop the gateway, move the file away (with -wal and -shm) and start again', false]],
  [13, ['cannot grow: the disk is full', 'Make room on the disk', true]],
  [14, ['cannot be opened', 'Let the user of this process use the file and its folder', true]],
  [26, ['is no database', 'Stop the gateway, move the file away and start again', false]],
]);

function failure(name: string, path: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) return cause;
  const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : -1;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const [what, remedy, retryable] = REMEDIES.get(code) ?? [`failed (${reason})`, 'See the log', true];
  return new GatewayError('STORE_FAILED', `${name} ${what}: ${path}. ${remedy}`, { cause, retryable });
}
