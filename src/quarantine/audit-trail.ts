import type { Page } from '../base/page.ts';

/** What administrators do that others may ask about later. */
export const AUDIT_ACTIONS = [
  'release',
  'withdraw',
  'offer-delivered',
  'offer-failed',
  'export',
  'preview',
  'delete',
  'login',
  'login-failed',
  'logout',
  'user-added',
  'user-changed',
  'user-removed',
  'token-made',
  'token-removed',
  'session-kicked',
  'drain',
  'reload',
  'scan',
  'retro-hunt',
  'protection-changed',
  'protection-reverted',
  'alert-retried',
  'alert-discarded',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface AuditEntry {
  /** `user:ann`, `token:exchange`, `command:root`. */
  readonly actor: string;
  readonly action: AuditAction;
  /** What it was done to: a digest, a name. */
  readonly object: string;
  /** One line for people; never a secret. */
  readonly detail: string;
}

export interface AuditRecord extends AuditEntry {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly at: string;
}

export interface AuditTrail {
  /** Throws `QUARANTINE_FAILED` when it cannot be written: then what was to be recorded must not be done. */
  append(entry: AuditEntry): void;
  /** Newest first. */
  list(query: { readonly limit: number; readonly cursor?: string | undefined }): Page<AuditRecord>;
}
