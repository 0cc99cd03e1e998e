import { z } from 'zod';
import type { SqliteFile } from '../base/sqlite-file.ts';
import { contentFetchSchema, findingSchema } from './history-rows.ts';
import type { RetroHuntReport } from './retro-hunt-report.ts';
import type { HuntShelf } from './rule-change-hunts.ts';

/** Reports that are kept: a change of the rules each day for seven weeks. */
const MAX_REPORTS = 50;
/** What one report keeps: a row stays below about 10 MB. */
const MAX_CONTENTS = 200;
const MAX_FETCHES = 100;

const reportSchema = z.object({
  generation: z.string(),
  startedAt: z.string(),
  days: z.int(),
  judged: z.int(),
  failed: z.int(),
  truncated: z.boolean(),
  nowBad: z
    .array(
      z.object({
        sha256: z.string(),
        findings: z.array(findingSchema).readonly(),
        before: z.object({ verdict: z.string(), generation: z.string() }),
        source: z.enum(['quarantine', 'history']),
        delivered: z.array(contentFetchSchema).readonly(),
      }),
    )
    .readonly(),
});

/** Reports in the history's file. */
export class SqliteHuntShelf implements HuntShelf {
  readonly #file: SqliteFile;

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  add(report: RetroHuntReport): void {
    const kept = bounded(report);
    this.#file.transaction(() => {
      this.#file.run('INSERT INTO hunts VALUES (NULL, ?, ?)', kept.generation, JSON.stringify(kept));
      this.#file.run('DELETE FROM hunts WHERE id <= (SELECT max(id) FROM hunts) - ?', MAX_REPORTS);
    });
  }

  list(limit: number): readonly RetroHuntReport[] {
    const rows = this.#file.all(
      'SELECT report FROM hunts ORDER BY id DESC LIMIT ?',
      Math.min(limit, MAX_REPORTS),
    );
    return rows.map(({ report }) => reportSchema.parse(JSON.parse(z.string().parse(report))));
  }
}

function bounded(report: RetroHuntReport): RetroHuntReport {
  const isCut =
    report.nowBad.length > MAX_CONTENTS || report.nowBad.some((bad) => bad.delivered.length > MAX_FETCHES);
  const nowBad = report.nowBad
    .slice(0, MAX_CONTENTS)
    .map((bad) => ({ ...bad, delivered: bad.delivered.slice(0, MAX_FETCHES) }));
  return { ...report, truncated: report.truncated || isCut, nowBad };
}
