import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { QuarantineArchive, QuarantineItem } from '../quarantine/quarantine-archive.ts';
import type { MessageBytes, ScanReport, Scanner } from '../scan/scanner.ts';
import type { ContentFetch } from './detection-history.ts';
import type { NowBad, RetroHunt, RetroHuntReport } from './retro-hunt-report.ts';
import type { SqliteHistory } from './sqlite-history.ts';

const DAY_MS = 86_400_000;
const PAGE = 100;
/** Originals of one hunt: at 10 ms each about two minutes of one worker. */
const MAX_JUDGED = 10_000;
const MAX_CONTENTS = 1_000;
const MAX_FETCHES = 1_000;

export interface RetroHuntParts {
  readonly scanner: Scanner;
  readonly archive: Pick<QuarantineArchive, 'search' | 'read'>;
  readonly history: Pick<SqliteHistory, 'fetchesOf' | 'badContents'>;
  /** Called after each original with the milliseconds that it took; the hunt goes on when it has resolved. */
  readonly rest?: (tookMs: number) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Judges the originals of the last days again, and looks up what the history already knows: a content that was
 * clean for one reader and bad for a later one, because rules came in between.
 */
export class QuarantineRetroHunt implements RetroHunt {
  readonly #parts: RetroHuntParts;

  constructor(parts: RetroHuntParts) {
    this.#parts = parts;
  }

  async run(
    days: number,
    signal?: AbortSignal,
    onProgress: (looked: number) => void = () => undefined,
  ): Promise<RetroHuntReport> {
    const { clock, scanner } = this.#parts;
    const now = clock.now();
    const from = now - days * DAY_MS;
    const found = new Map<string, NowBad>();
    const judged = await this.#judgeOriginals(from, found, signal, onProgress);
    const isComplete = this.#askHistory(from, found);
    return {
      generation: scanner.generation,
      startedAt: new Date(now).toISOString(),
      days,
      judged: judged.count,
      failed: judged.failed,
      truncated: judged.truncated || !isComplete,
      nowBad: [...found.values()],
    };
  }

  async #judgeOriginals(
    from: number,
    found: Map<string, NowBad>,
    signal: AbortSignal | undefined,
    onProgress: (looked: number) => void,
  ): Promise<{ readonly count: number; readonly failed: number; readonly truncated: boolean }> {
    let count = 0;
    let failed = 0;
    let cursor: string | undefined;
    do {
      const page = await this.#parts.archive.search({ from, limit: PAGE, cursor });
      for (const item of page.items) {
        signal?.throwIfAborted();
        if (count + failed >= MAX_JUDGED) return { count, failed, truncated: true };
        const startedAt = this.#parts.clock.monotonic();
        const isJudged = await this.#judgeOne(item, found, signal);
        await this.#parts.rest?.(this.#parts.clock.monotonic() - startedAt);
        if (isJudged) count += 1;
        else failed += 1;
        onProgress(count + failed);
      }
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return { count, failed, truncated: false };
  }

  /** Resolves with false when it could not be judged. */
  async #judgeOne(
    item: QuarantineItem,
    found: Map<string, NowBad>,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { archive, scanner, log } = this.#parts;
    try {
      const message = inSharedMemory(await archive.read(item.id));
      const id = `hunt-${randomUUID()}`;
      const request = { id, subject: 'message', message, lane: 'bulk', user: 'retro-hunt' } as const;
      const report = await scanner.scan(request, signal);
      const isJudged = report.verdict.kind !== 'unscannable' || isBad(report);
      const delivered = this.#deliveredOf(item.id);
      const isNews = delivered.length > 0 || !wasBad(item);
      if (isBad(report) && isNews) found.set(item.id, nowBad(item, report, delivered));
      return isJudged;
    } catch (error) {
      signal?.throwIfAborted();
      log.warn({ err: error, id: item.id }, 'an original could not be judged again');
      return false;
    }
  }

  #askHistory(from: number, found: Map<string, NowBad>): boolean {
    const bad = this.#parts.history.badContents(from, MAX_CONTENTS + 1);
    for (const detection of bad.slice(0, MAX_CONTENTS)) {
      const delivered = this.#deliveredOf(detection.sha256);
      const [first] = delivered;
      if (first === undefined || found.has(detection.sha256)) continue;
      const before = { verdict: first.verdict, generation: first.generation };
      const { sha256, findings } = detection;
      found.set(sha256, { sha256, findings, before, source: 'history', delivered });
    }
    return bad.length <= MAX_CONTENTS;
  }

  #deliveredOf(sha256: string): readonly ContentFetch[] {
    const fetches = this.#parts.history.fetchesOf(sha256, MAX_FETCHES);
    return fetches.filter(({ action }) => action === 'deliver');
  }
}

function isBad({ verdict }: ScanReport): boolean {
  const findings = 'findings' in verdict ? verdict.findings : [];
  return findings.some((finding) => finding.class === 'malicious');
}

function wasBad({ verdict }: QuarantineItem): boolean {
  return 'findings' in verdict && verdict.findings.some((finding) => finding.class === 'malicious');
}

function nowBad(item: QuarantineItem, report: ScanReport, delivered: readonly ContentFetch[]): NowBad {
  const findings = 'findings' in report.verdict ? report.verdict.findings : [];
  const before = { verdict: item.verdict.kind, generation: item.generation };
  return { sha256: item.id, findings, before, source: 'quarantine', delivered };
}

function inSharedMemory(bytes: Uint8Array): MessageBytes {
  const buffer = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  return { kind: 'memory', buffer, byteLength: bytes.byteLength };
}
