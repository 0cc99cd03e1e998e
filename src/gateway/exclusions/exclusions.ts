/** What an exclusion may name. Also the row of the unscanned ledger: `excluded-client`, and so on. */
export const EXCLUSION_KINDS = [
  'client',
  'server',
  'application',
  'fingerprint',
  'executable',
  'user',
  'mailbox',
  'detection',
  'digest',
  'server-name',
] as const;
export type ExclusionKind = (typeof EXCLUSION_KINDS)[number];

/** Something of which it is asked whether it is excluded. */
export type ExclusionSubject =
  | { readonly kind: 'client' | 'server'; readonly address: string }
  | { readonly kind: 'application'; readonly name: string; readonly version: string }
  | { readonly kind: 'fingerprint'; readonly ja4: string }
  | { readonly kind: 'executable'; readonly path: string }
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'mailbox'; readonly user: string; readonly mailbox: string }
  | { readonly kind: 'detection'; readonly namespace: string; readonly rule: string }
  | { readonly kind: 'digest'; readonly sha256: string }
  | { readonly kind: 'server-name'; readonly name: string };

/** One line of the configuration. */
export interface Exclusion {
  /** Stable while the line says the same: `client 10.0.0.0/8`. */
  readonly id: string;
  readonly kind: ExclusionKind;
  /** What is excluded, as a person reads it. */
  readonly what: string;
  readonly owner: string;
  readonly reason: string;
  /** Milliseconds since 1970; undefined: it stays. */
  readonly expiresAt: number | undefined;
}

/** An exclusion and how often something was let through because of it. */
export interface CountedExclusion extends Exclusion {
  readonly hits: number;
  readonly isExpired: boolean;
}

/** What the gateway asks before it opens, scans or judges something. Synchronous and quick. */
export interface Exclusions {
  /** The exclusion in force that names it; this counts as a hit. */
  find(subject: ExclusionSubject): Exclusion | undefined;
  /** Is there any in force of this kind? Saves the work of finding out what would be asked. */
  has(kind: ExclusionKind): boolean;
  list(): readonly CountedExclusion[];
}

/** Nothing is excluded. */
export const NO_EXCLUSIONS: Exclusions = { find: () => undefined, has: () => false, list: () => [] };
