import type { ScanReport } from '../scan/scanner.ts';

/** New rules are watched for this time, milliseconds, ... */
export const PROBATION_MS = 900_000;
/** ... or for this many messages, whichever comes first. */
export const PROBATION_MESSAGES = 2_000;
/** Failed scans before anything is concluded from them. */
export const LEAST_FAILURES = 5;
/** Share of failed scans above that of the rules before. */
export const FAILURE_MARGIN = 0.05;
/** Messages before anything is concluded from speed; also what a baseline needs. */
export const LEAST_MESSAGES = 50;
/** Matching may take this many times as long for each byte ... */
export const SLOWDOWN = 4;
/** ... and this long for a message before it counts as slow, milliseconds. */
export const SLOW_MATCH_MS = 20;
/** Detections before anything is concluded from them. */
export const LEAST_DETECTIONS = 20;
/** Share of detections: this many times that of the rules before, plus `DETECTION_MARGIN`. */
export const DETECTION_FACTOR = 3;
export const DETECTION_MARGIN = 0.05;
/** The same when the rules before judged too little to compare with. */
export const DETECTION_SHARE_ALONE = 0.5;

/** A message costs something however small it is. */
const BYTES_PER_MESSAGE = 4_096;
/** Old mail must not outweigh what the rules before did lately. */
const BASELINE_MESSAGES = 5_000;

/** What one generation of rules did. */
class Conduct {
  messages = 0;
  failures = 0;
  detections = 0;
  matchMs = 0;
  bytes = 0;

  add({ verdict, timings, bytes }: ScanReport): void {
    if (this.messages >= BASELINE_MESSAGES) {
      this.#halve();
    }
    this.messages += 1;
    this.matchMs += timings.matchMs;
    this.bytes += bytes + BYTES_PER_MESSAGE;
    if (verdict.kind === 'malicious') {
      this.detections += 1;
    } else if (verdict.kind === 'unscannable') {
      this.failures += verdict.cause === 'engine-failed' || verdict.cause === 'timeout' ? 1 : 0;
    }
  }

  share(count: number): number {
    return this.messages === 0 ? 0 : count / this.messages;
  }

  get msPerByte(): number {
    return this.bytes === 0 ? 0 : this.matchMs / this.bytes;
  }

  #halve(): void {
    this.messages /= 2;
    this.failures /= 2;
    this.detections /= 2;
    this.matchMs /= 2;
    this.bytes /= 2;
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/**
 * Watches a new generation of rules beside what the one before did, and says when it is worse. Only messages that
 * a worker judged count: what the cache answers says nothing new.
 */
export class RuleProbation {
  readonly #now: () => number;
  #generation: string;
  #conduct = new Conduct();
  #before: Conduct | undefined;
  #startedAt = 0;

  /** `now` is a monotonic clock in milliseconds. `generation` is what judges now, on nobody's probation. */
  constructor(generation: string, now: () => number) {
    this.#now = now;
    this.#generation = generation;
  }

  get isOn(): boolean {
    return this.#before !== undefined;
  }

  /** From now on `generation` judges; what the one until now did is what it is compared with. */
  begin(generation: string): void {
    this.#before = this.#conduct;
    this.#restart(generation);
  }

  /** `generation` judges again, without probation. */
  goBack(generation: string): void {
    this.#restart(generation);
    this.#conduct = this.#before ?? this.#conduct;
    this.#before = undefined;
  }

  /** Why the new generation has to go; undefined when there is no reason (yet, or any more). */
  observe(report: ScanReport): string | undefined {
    if (report.generation !== this.#generation) {
      return undefined;
    }
    this.#conduct.add(report);
    if (this.#before === undefined) {
      return undefined;
    }
    const reason = failing(this.#conduct, this.#before) ?? worse(this.#conduct, this.#before);
    if (reason === undefined && this.#isOver()) {
      this.#before = undefined;
    }
    return reason;
  }

  #isOver(): boolean {
    return this.#conduct.messages >= PROBATION_MESSAGES || this.#now() - this.#startedAt >= PROBATION_MS;
  }

  #restart(generation: string): void {
    this.#generation = generation;
    this.#conduct = new Conduct();
    this.#startedAt = this.#now();
  }
}

function failing(now: Conduct, before: Conduct): string | undefined {
  const [share, usual] = [now.share(now.failures), before.share(before.failures)];
  return now.failures >= LEAST_FAILURES && share > usual + FAILURE_MARGIN
    ? `${percent(share)} of the scans fail, before it were ${percent(usual)}`
    : undefined;
}

function worse(now: Conduct, before: Conduct): string | undefined {
  return slower(now, before) ?? findingMore(now, before);
}

function slower(now: Conduct, before: Conduct): string | undefined {
  const isComparable = now.messages >= LEAST_MESSAGES && before.messages >= LEAST_MESSAGES;
  const isSlow = now.matchMs / now.messages > SLOW_MATCH_MS && now.msPerByte > SLOWDOWN * before.msPerByte;
  const factor = now.msPerByte / before.msPerByte;
  return isComparable && isSlow ? `matching takes ${factor.toFixed(1)} times as long` : undefined;
}

function findingMore(now: Conduct, before: Conduct): string | undefined {
  const [share, usual] = [now.share(now.detections), before.share(before.detections)];
  const most =
    before.messages >= LEAST_MESSAGES ? usual * DETECTION_FACTOR + DETECTION_MARGIN : DETECTION_SHARE_ALONE;
  return now.detections >= LEAST_DETECTIONS && share > most
    ? `${percent(share)} of the messages are malicious, before it were ${percent(usual)}`
    : undefined;
}
