import type { Finding } from '../scan/verdict.ts';
import type { ContentFetch } from './detection-history.ts';

/** A content that reached somebody, or still may, and that the rules of today call bad. */
export interface NowBad {
  readonly sha256: string;
  readonly findings: readonly Finding[];
  /** What was thought of it before: verdict and rule-set generation; empty when only its fetches are known. */
  readonly before: { readonly verdict: string; readonly generation: string };
  /** `quarantine`: judged again from the kept original. `history`: the same content was found bad later. */
  readonly source: 'quarantine' | 'history';
  /** Who was given it as it is. */
  readonly delivered: readonly ContentFetch[];
}

export interface RetroHuntReport {
  /** Rule set that judged. */
  readonly generation: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly days: number;
  /** Originals that were judged again, and those that could not be. */
  readonly judged: number;
  readonly failed: number;
  /** True when a limit ended the hunt before everything was looked at. */
  readonly truncated: boolean;
  readonly nowBad: readonly NowBad[];
}

/** Judges again what was seen in the last days. */
export interface RetroHunt {
  /** `onProgress` hears how many originals were looked at so far. */
  run(days: number, signal?: AbortSignal, onProgress?: (looked: number) => void): Promise<RetroHuntReport>;
}
