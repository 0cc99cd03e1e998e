import type { Page } from '../base/page.ts';
import type { ReleaseExchange, ReleaseRecord } from './release-exchange.ts';
import type { ReleaseList } from './release-list.ts';

export type { ReleaseRecord } from './release-exchange.ts';

export interface ReleaseRequest {
  readonly sha256: string;
  /** Login name; empty: everybody. */
  readonly user: string;
  readonly reason: string;
  /** Append the original as a new message to the mailboxes where its substitute was seen. */
  readonly offerAnew: boolean;
  /** Who answers for it; goes into the audit trail. */
  readonly actor: string;
}

export interface ReleaseQuery {
  readonly sha256?: string | undefined;
  /** Withdrawn ones as well. */
  readonly all?: boolean | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Releases as administrators see them. Everything that changes them is in the audit trail. */
export interface ReleaseBook extends ReleaseList, ReleaseExchange {
  /** A release that holds already is returned as it is. Rejects with `QUARANTINE_FAILED` when it cannot be kept. */
  release(request: ReleaseRequest): Promise<ReleaseRecord>;
  /** Resolves with undefined when no such release holds. Offers that were not delivered yet end with it. */
  withdraw(id: string, actor: string): Promise<ReleaseRecord | undefined>;
  list(query: ReleaseQuery): Promise<Page<ReleaseRecord>>;
}
