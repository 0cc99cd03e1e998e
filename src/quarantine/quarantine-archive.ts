import type { Page } from '../base/page.ts';
import type { UnscannableCause } from '../scan/verdict.ts';
import type { QuarantineRecord, QuarantineStore } from './quarantine-store.ts';

/** What an administrator may ask a list for: the verdict, or why there is none. */
export type QuarantineCause = 'malicious' | 'suspicious' | UnscannableCause;

/** A stored original with what its own header says. Both texts are a stranger's: decoded, bounded, never trusted. */
export interface QuarantineItem extends QuarantineRecord {
  readonly subject: string;
  readonly sender: string;
}

/** All given conditions have to hold. Texts are compared without regard to ASCII case. */
export interface QuarantineQuery {
  readonly cause?: QuarantineCause | undefined;
  /** Part of the name of a rule that matched. */
  readonly rule?: string | undefined;
  /** Login name, whole. */
  readonly user?: string | undefined;
  /** Part of the From field. */
  readonly sender?: string | undefined;
  /** Part of the subject. */
  readonly subject?: string | undefined;
  /** Milliseconds since 1970: last seen at or after, and before. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Beginning of the SHA-256, lower-case hex. */
  readonly digest?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface StoreHealth {
  /** yellow: works, but an administrator should act. red: nothing can be stored. */
  readonly level: 'green' | 'yellow' | 'red';
  /** One sentence: how it is, or what is wrong. */
  readonly detail: string;
  /** What an administrator has to do; absent when all is well. */
  readonly remedy?: string;
}

export interface StoreUsage {
  readonly objects: number;
  /** Bytes of the originals, before encryption. */
  readonly bytes: number;
  /** Bytes that may be used; 0: no limit. */
  readonly quotaBytes: number;
}

/** The quarantine as administrators see it. The gateway knows `QuarantineStore` only. */
export interface QuarantineArchive extends QuarantineStore {
  /** Newest first. */
  search(query: QuarantineQuery): Promise<Page<QuarantineItem>>;
  get(id: string): Promise<QuarantineItem | undefined>;
  /** Resolves with false when there is no such original. */
  remove(id: string): Promise<boolean>;
  usage(): Promise<StoreUsage>;
  /**
   * Makes it ready before mail comes. Rejects with `QUARANTINE_FAILED` and the remedy for what time does not heal:
   * a wrong or missing key, a folder that cannot be used. Everything else is told by `health`.
   */
  prepare(): Promise<void>;
  /** Never rejects. */
  health(): Promise<StoreHealth>;
  /** Puts originals that the index does not know into it; resolves with their number. */
  rebuild(): Promise<number>;
  /** Removes what is older than the retention; resolves with the number of originals. */
  expire(): Promise<number>;
  close(): Promise<void>;
}
