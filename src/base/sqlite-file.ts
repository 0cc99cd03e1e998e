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
  /**
   * Pages of the write-ahead log after which the writer itself carries them over into the file, waiting for the disk.
   * Absent: the 1,000 of SQLite.
   */
  readonly checkpointPages?: number;
}

/** After a failure to open the next try waits, because each costs a lock wait or a read of a broken disk. */
const REOPEN_MS = 1_000;

/**
 * One SQLite database of this process: WAL, private, migrated. It is opened at its first use, and again after a
 * failure, so that a locked or damaged file is an error of whoever needs it and not of the start. Every failure is
 * a `GatewayError` `STORE_FAILED` that says what to do.
 */
export class SqliteFile {
  readonly path: string;
  readonly #options: SqliteFileOptions;
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync | undefined;
  #failure: { readonly at: number; readonly error: unknown } | undefined;
  #isNew = false;

  constructor(options: SqliteFileOptions) {
    this.path = options.path;
    this.#options = options;
  }

  /** Was the file made by this object? Opens it. */
  isNew(): boolean {
    this.#opened();
    return this.#isNew;
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
    const database = this.#opened();
    this.#guard(() => database.exec('BEGIN IMMEDIATE'));
    try {
      const result = work();
      this.#guard(() => database.exec('COMMIT'));
      return result;
    } catch (error) {
      if (database.isTransaction) this.#guard(() => database.exec('ROLLBACK'));
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database?.close();
    this.#database = undefined;
  }

  #opened(): DatabaseSync {
    if (this.#database !== undefined) return this.#database;
    if (this.#failure !== undefined && performance.now() - this.#failure.at < REOPEN_MS) {
      throw this.#failure.error;
    }
    try {
      const [database, isNew] = open(this.#options);
      this.#isNew = isNew;
      this.#database = database;
      this.#failure = undefined;
      return database;
    } catch (cause) {
      const error = failure(this.#options.name, this.path, cause);
      this.#failure = { at: performance.now(), error };
      throw error;
    }
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#opened().prepare(sql);
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw failure(this.#options.name, this.path, cause);
    }
  }
}

/** The database, and whether there was nothing before. */
function open(options: SqliteFileOptions): [database: DatabaseSync, isNew: boolean] {
  const { path, checkpointPages = 1_000 } = options;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS, enableDoubleQuotedStringLiterals: false });
  try {
    chmodSync(path, 0o600);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF');
    database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`);
    return [database, migrate(database, options)];
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
  const fields = { locked: code === 5 || code === 6 };
  return new GatewayError('STORE_FAILED', `${name} ${what}: ${path}. ${remedy}`, {
    cause,
    retryable,
    fields,
  });
}
