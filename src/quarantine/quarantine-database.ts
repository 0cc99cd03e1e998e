import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { SqliteFile } from '../base/sqlite-file.ts';

/**
 * Times are milliseconds since 1970. `items.haystack` columns are lower case, because SQLite folds ASCII only.
 * `sightings`: who was given the substitute, and where. `totals` is kept by triggers, so that it is cheap to read.
 */
const VERSION_1 = `
CREATE TABLE items (
  id TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  count INTEGER NOT NULL,
  cause TEXT NOT NULL,
  key_id TEXT NOT NULL,
  subject TEXT NOT NULL,
  sender TEXT NOT NULL,
  subject_key TEXT NOT NULL,
  sender_key TEXT NOT NULL,
  rules_key TEXT NOT NULL,
  entry TEXT NOT NULL
) STRICT;
CREATE INDEX items_by_time ON items (last_seen DESC, id);
CREATE TABLE sightings (
  id TEXT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  user TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  protocol TEXT NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (id, user, mailbox)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_by_user ON sightings (user, id);
CREATE TABLE totals (objects INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0, 0);
CREATE TRIGGER item_added AFTER INSERT ON items
BEGIN UPDATE totals SET objects = objects + 1, bytes = bytes + new.bytes; END;
CREATE TRIGGER item_removed AFTER DELETE ON items
BEGIN UPDATE totals SET objects = objects - 1, bytes = bytes - old.bytes; END;
CREATE TABLE releases (
  id TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,
  user TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  at INTEGER NOT NULL,
  withdrawn_at INTEGER,
  withdrawn_by TEXT
) STRICT;
CREATE INDEX releases_by_content ON releases (sha256, user);
CREATE INDEX releases_by_time ON releases (at DESC, id);
CREATE TABLE offers (
  id INTEGER PRIMARY KEY,
  release_id TEXT NOT NULL REFERENCES releases (id),
  sha256 TEXT NOT NULL,
  user TEXT NOT NULL,
  mailbox TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  leased_until INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX offers_by_user ON offers (user, state);
CREATE INDEX offers_by_release ON offers (release_id, state);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT`;

/** When a release changed here, so that other gateways can ask for what is new. */
const VERSION_2 = `
ALTER TABLE releases ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
UPDATE releases SET changed_at = max(at, ifnull(withdrawn_at, 0));
CREATE INDEX releases_by_change ON releases (changed_at, id)`;

/**
 * What a row says of the mail itself is sealed: `sealed` all of it, `glance` what a search looks at. The columns of
 * the first version that held it are empty then.
 */
const VERSION_3 = `
ALTER TABLE items ADD COLUMN glance BLOB;
ALTER TABLE items ADD COLUMN sealed BLOB;
CREATE INDEX items_in_plain_text ON items (id) WHERE sealed IS NULL`;

/** Index of the originals, releases, offers and audit trail, in one file so that one transaction covers them. */
export class QuarantineDatabase extends SqliteFile {
  constructor(folder: string) {
    super({
      path: join(folder, 'index.db'),
      name: 'the quarantine index',
      migrations: [VERSION_1, VERSION_2, VERSION_3],
    });
  }

  /**
   * Resolves when everything committed so far survives a power cut. SQLite itself would sync on the event loop;
   * with `synchronous = NORMAL` it leaves the log to us, and syncs it before a checkpoint.
   */
  async flush(): Promise<void> {
    const log = await open(`${this.path}-wal`, 'r');
    try {
      await log.sync();
    } finally {
      await log.close();
    }
  }
}
