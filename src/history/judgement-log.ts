import type { ScanSubject } from '../scan/scanner.ts';
import type { Finding, Verdict } from '../scan/verdict.ts';

/** One message that was judged for one session. Names are what client and server sent: bounded by whoever keeps them. */
export interface JudgedMessage {
  readonly scanId: string;
  readonly subject: ScanSubject;
  /** Name of the listener: imap, imaps, pop3, pop3s. */
  readonly protocol: string;
  /** Login name; empty before login. */
  readonly user: string;
  readonly client: string;
  /** What the client says it is (IMAP ID); empty when unknown. */
  readonly application: string;
  readonly mailbox: string;
  /** IMAP UID or POP3 UIDL; empty when unknown. */
  readonly uid: string;
  /** Stable for this message on this server; has the UIDVALIDITY for IMAP. */
  readonly identity: string;
  readonly isUpload: boolean;
  readonly verdict: Verdict;
  /** Findings of rules on trial, which have no part in the verdict. */
  readonly observed?: readonly Finding[] | undefined;
  readonly action: 'deliver' | 'neutralise' | 'block' | 'defer';
  /** Why it was delivered without a complete scan; undefined when it was not. */
  readonly ledgerCause: string | undefined;
  /** SHA-256 of the raw message, lower-case hex; empty when no worker could read it. */
  readonly sha256: string;
  readonly bytes: number;
  readonly generation: string;
}

/** Where the gateway reports what it did. Never throws and never waits: it is called between verdict and release. */
export interface JudgementLog {
  record(judged: JudgedMessage): void;
}

/** Nothing is kept. */
export const NO_JUDGEMENT_LOG: JudgementLog = { record: () => undefined };
