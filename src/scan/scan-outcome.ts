import type { AmbiguityRule } from './mime/mime-sink.ts';
import type { PieceRecord } from './piece-ledger.ts';
import { Troubles } from './troubles.ts';
import type { Finding, UnscannableCause, Verdict } from './verdict.ts';

/** Engine name of what the MIME walk itself reports. */
export const MIME_ENGINE = 'mime';

/**
 * Findings kept of one message. Every rule may match every one of some thousand pieces, and findings cross threads,
 * go into logs and are shown; beyond this, one more tells nobody anything.
 */
export const MAX_FINDINGS = 1_000;

/** What one scan has found so far, and what went wrong. */
export class ScanOutcome {
  readonly #malicious: Finding[] = [];
  readonly #others: Finding[] = [];
  /** One finding for each kind: a message has many parts and one sender. */
  readonly #ambiguities = new Map<AmbiguityRule, Finding>();
  readonly #troubles = new Troubles();
  #isBlind = false;

  /** Something went wrong that no range of the message explains. */
  get isBlind(): boolean {
    return this.#isBlind;
  }

  found(record: PieceRecord, findings: readonly Finding[]): void {
    record.isGuilty ||= findings.length > 0;
    for (const finding of findings) {
      const kept = finding.class === 'malicious' ? this.#malicious : this.#others;
      if (kept.length < MAX_FINDINGS) {
        kept.push(finding);
      }
    }
  }

  /** Different clients show different content: no proof of malice, but honest software does not write it. */
  ambiguous(rule: AmbiguityRule, part: string, sha256: string): void {
    const about = { engine: MIME_ENGINE, rule, namespace: 'built-in' };
    this.#ambiguities.set(rule, { ...about, class: 'suspicious', severity: 'medium', part, sha256 });
  }

  /** Something of `record` (or, without one, of the whole message) could not be read. */
  fail(record: PieceRecord | undefined, cause: UnscannableCause, detail: string): void {
    this.#troubles.add(cause, detail);
    this.#blame(record);
  }

  /**
   * Runs `work`; whatever it throws or rejects with becomes a trouble of `record`. Gives a promise only when `work`
   * does: most pieces are judged without a turn of the event loop.
   */
  attempt(
    record: PieceRecord | undefined,
    fallback: UnscannableCause,
    where: string,
    work: () => void | Promise<void>,
  ): void | Promise<void> {
    const failed = (error: unknown): void => {
      this.#troubles.addError(error, fallback, where);
      this.#blame(record);
    };
    try {
      const pending = work();
      return pending instanceof Promise ? pending.catch(failed) : undefined;
    } catch (error) {
      return failed(error);
    }
  }

  /** Malicious wins over unscannable, and that over suspicious, among the findings as well where they are too many. */
  verdict(): Verdict {
    const all = [...this.#malicious, ...this.#others, ...this.#ambiguities.values()];
    const findings = all.slice(0, MAX_FINDINGS);
    if (this.#malicious.length > 0) {
      return { kind: 'malicious', findings };
    }
    const trouble = this.#troubles.heaviest;
    if (trouble !== undefined) {
      return { kind: 'unscannable', cause: trouble.cause, findings, detail: trouble.detail };
    }
    return findings.length > 0 ? { kind: 'suspicious', findings } : { kind: 'clean' };
  }

  #blame(record: PieceRecord | undefined): void {
    if (record === undefined) {
      this.#isBlind = true;
    } else {
      record.isGuilty = true;
    }
  }
}
