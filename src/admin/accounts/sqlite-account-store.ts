import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { SqliteFile } from '../../base/sqlite-file.ts';
import type { AccountStore, TokenRecord, UserRecord } from './account-store.ts';
import { hashPassword, isPasswordOf } from './password-hash.ts';
import { type Principal, type Role, ROLES } from './principal.ts';

const MIGRATIONS = [
  `CREATE TABLE users (
     name TEXT PRIMARY KEY, password TEXT NOT NULL, role TEXT NOT NULL,
     epoch INTEGER NOT NULL, created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE tokens (
     name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
     created_at INTEGER NOT NULL, last_used_at INTEGER
   ) STRICT;
   CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT`,
];

const COOKIE_KEY_BYTES = 32;
const TOKEN_BYTES = 32;
/** A token that is used all the time is not written all the time. */
const LAST_USED_STEP_MS = 60_000;

const iso = (ms: number): string => new Date(ms).toISOString();
const userRow = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  password: z.string(),
  epoch: z.int(),
  created_at: z.int(),
});
const tokenRow = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  created_at: z.int(),
  last_used_at: z.int().nullable(),
});

function userOf({ name, role, created_at: at }: z.output<typeof userRow>): UserRecord {
  return { name, role, createdAt: iso(at) };
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Accounts in a SQLite file; another process (`postern admin`) may change them at the same time. */
export class SqliteAccountStore implements AccountStore {
  readonly #file: SqliteFile;
  readonly #clock: Clock;
  /** Verified instead of a user that does not exist, so that both take as long. */
  readonly #decoy: Promise<string>;
  #cookieKey: Uint8Array | undefined;

  /** Every method throws `STORE_FAILED` when the file cannot be used. */
  constructor(path: string, clock: Clock) {
    this.#clock = clock;
    this.#file = new SqliteFile({ path, name: 'the account database', migrations: MIGRATIONS });
    this.#decoy = hashPassword(randomBytes(16).toString('hex'));
  }

  async addUser(name: string, password: string, role: Role): Promise<boolean> {
    const hash = await hashPassword(password);
    const epoch = this.#newEpoch();
    const sql = 'INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?)';
    return this.#file.run(sql, name, hash, role, epoch, this.#clock.now()).changes === 1;
  }

  async changeUser(
    name: string,
    change: { readonly password?: string | undefined; readonly role?: Role | undefined },
  ): Promise<UserRecord | undefined> {
    const hash = change.password === undefined ? null : await hashPassword(change.password);
    const sql = `UPDATE users SET password = coalesce(?, password), role = coalesce(?, role), epoch = ?
                 WHERE name = ?`;
    this.#file.run(sql, hash, change.role ?? null, this.#newEpoch(), name);
    const row = this.#user(name);
    return row && userOf(row);
  }

  removeUser(name: string): boolean {
    return this.#file.run('DELETE FROM users WHERE name = ?', name).changes === 1;
  }

  users(): readonly UserRecord[] {
    return this.#file.all('SELECT * FROM users ORDER BY name').map((row) => userOf(userRow.parse(row)));
  }

  async verifyPassword(name: string, password: string): Promise<UserRecord | undefined> {
    const row = this.#user(name);
    const isRight = await isPasswordOf(password, row?.password ?? (await this.#decoy));
    return row !== undefined && isRight ? userOf(row) : undefined;
  }

  addToken(name: string, role: Role): string | undefined {
    const token = `postern_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const sql = 'INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, NULL)';
    const { changes } = this.#file.run(sql, name, digestOf(token), role, this.#clock.now());
    return changes === 1 ? token : undefined;
  }

  removeToken(name: string): boolean {
    return this.#file.run('DELETE FROM tokens WHERE name = ?', name).changes === 1;
  }

  tokens(): readonly TokenRecord[] {
    return this.#file.all('SELECT * FROM tokens ORDER BY name').map((row) => {
      const { name, role, created_at: at, last_used_at: used } = tokenRow.parse(row);
      return { name, role, createdAt: iso(at), lastUsedAt: used === null ? null : iso(used) };
    });
  }

  /** Looked up by digest: how long that takes tells nothing of the token. */
  verifyToken(token: string): Principal | undefined {
    const row = this.#file.get('SELECT * FROM tokens WHERE digest = ?', digestOf(token));
    if (row === undefined) return undefined;
    const { name, role, last_used_at: used } = tokenRow.parse(row);
    const now = this.#clock.now();
    if (used === null || now - used > LAST_USED_STEP_MS) {
      this.#file.run('UPDATE tokens SET last_used_at = ? WHERE name = ?', now, name);
    }
    return { actor: `token:${name}`, name, role, via: 'token' };
  }

  sessionEpoch(name: string): { readonly epoch: number; readonly role: Role } | undefined {
    return this.#user(name);
  }

  endSessions(name: string): void {
    this.#file.run('UPDATE users SET epoch = ? WHERE name = ?', this.#newEpoch(), name);
  }

  cookieKey(): Uint8Array {
    this.#cookieKey ??= this.#readCookieKey();
    return this.#cookieKey;
  }

  #readCookieKey(): Uint8Array {
    const key = randomBytes(COOKIE_KEY_BYTES);
    this.#file.run("INSERT OR IGNORE INTO secrets VALUES ('cookie', ?)", key);
    const row = this.#file.get("SELECT value FROM secrets WHERE name = 'cookie'");
    return z.instanceof(Uint8Array).parse(row?.['value']);
  }

  close(): void {
    this.#file.close();
  }

  #user(name: string): z.output<typeof userRow> | undefined {
    const row = this.#file.get('SELECT * FROM users WHERE name = ?', name);
    return row && userRow.parse(row);
  }

  /** Random, so that a user who was removed and made again does not revive old sessions. */
  #newEpoch(): number {
    return randomBytes(6).readUIntBE(0, 6);
  }
}
