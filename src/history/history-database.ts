import { SqliteFile } from '../base/sqlite-file.ts';

/**
 * Times are milliseconds since 1970. `fetches` has a row for each judged message with a digest, clean ones as well:
 * names are numbers of `names`, so that a row is small. `days` has the counts, which outlive the rows.
 */
const VERSION_1 = `
CREATE TABLE detections (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  cause TEXT NOT NULL,
  action TEXT NOT NULL,
  user TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  rules_key TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX detections_by_time ON detections (at);
CREATE INDEX detections_by_content ON detections (sha256, id);
CREATE TABLE rule_hits (
  detection INTEGER NOT NULL REFERENCES detections (id) ON DELETE CASCADE,
  namespace TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (detection, namespace, rule)
) STRICT, WITHOUT ROWID;
CREATE TABLE names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE fetches (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  digest BLOB NOT NULL,
  user INTEGER NOT NULL,
  client INTEGER NOT NULL,
  application INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  protocol INTEGER NOT NULL,
  verdict INTEGER NOT NULL,
  action INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  uid TEXT NOT NULL
) STRICT;
CREATE INDEX fetches_by_content ON fetches (digest, id);
CREATE TABLE days (
  day TEXT NOT NULL,
  what TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (day, what)
) STRICT, WITHOUT ROWID`;

/**
 * `observations`: what rules on trial matched; apart, so that a rule that matches everything does not push out what
 * was found. `hunts`: reports of the retro-hunts that followed a change of the rules.
 */
const VERSION_2 = `
CREATE TABLE observations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  cause TEXT NOT NULL,
  action TEXT NOT NULL,
  user TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  rules_key TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE TABLE hunts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  generation TEXT NOT NULL,
  report TEXT NOT NULL
) STRICT`;

/** 64 MB: `HistoryCheckpoint` comes long before, so that the event loop waits for no disk. */
const CHECKPOINT_PAGES = 16_384;

export function historyDatabase(path: string): SqliteFile {
  const migrations = [VERSION_1, VERSION_2];
  return new SqliteFile({ path, name: 'the history', migrations, checkpointPages: CHECKPOINT_PAGES });
}
