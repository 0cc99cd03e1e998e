import type { MessageBytes } from '../scan/scanner.ts';
import type { Verdict } from '../scan/verdict.ts';

/** What is known of a message when it is quarantined. The content itself is passed beside it. */
export interface QuarantineEntry {
  /** SHA-256 of the raw message, lower-case hex; empty when no worker could read it: the store computes it. */
  readonly sha256: string;
  readonly scanId: string;
  readonly verdict: Verdict;
  readonly protocol: 'imap' | 'pop3';
  readonly user: string;
  readonly client: string;
  readonly mailbox: string;
  readonly uid: string;
  readonly generation: string;
}

/** One stored original. */
export interface QuarantineRecord extends QuarantineEntry {
  /** Names the object: the SHA-256 of its content, so that one message fetched by many devices is stored once. */
  readonly id: string;
  readonly bytes: number;
  /** First and last time it was quarantined, ISO 8601 UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly count: number;
}

/** Durable store of originals, as the gateway needs it. Every implementation passes `test/contract/quarantine-store.contract.ts`. */
export interface QuarantineStore {
  /**
   * Stores the original. Resolves only when content and record are on stable storage (fsync of file and
   * folder); rejects with `GatewayError` `QUARANTINE_FAILED` when it cannot, and then nothing is delivered.
   */
  commit(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineRecord>;
  get(id: string): Promise<QuarantineRecord | undefined>;
  /** The original bytes. Rejects with `QUARANTINE_FAILED` when the object is missing or damaged. */
  read(id: string): Promise<Uint8Array>;
}
