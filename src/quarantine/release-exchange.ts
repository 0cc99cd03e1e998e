import type { Page } from '../base/page.ts';
import type { Release } from './release-list.ts';

export interface ReleaseRecord extends Release {
  readonly reason: string;
  readonly actor: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** When it was withdrawn and by whom; null while it holds. */
  readonly withdrawnAt: string | null;
  readonly withdrawnBy: string | null;
  /** Copies that still wait for the session of their reader. */
  readonly pendingOffers: number;
}

/** A release with when it changed at the gateway that tells of it. */
export interface ReleaseChange extends ReleaseRecord {
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

export interface ReleaseChangeQuery {
  /** Milliseconds since 1970: changed at or after. */
  readonly since: number;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Releases as other gateways see them and give them: one that was given anywhere holds everywhere. */
export interface ReleaseExchange {
  /** What changed, in the order of change, withdrawn ones as well. Rejects with `QUARANTINE_FAILED`. */
  changes(query: ReleaseChangeQuery): Promise<Page<ReleaseChange>>;
  /**
   * Takes over what `peer` knows and this gateway does not; a withdrawal is never undone. Offers are not taken over:
   * the original is appended by the gateway where it was asked for. Resolves with the number of changes.
   */
  adopt(peer: string, records: readonly ReleaseRecord[]): Promise<number>;
}
