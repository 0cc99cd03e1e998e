/** What the API shows of other rooms. Each is injected by `app.ts`; the rooms know nothing of HTTP. */

export interface StatusReason {
  readonly level: 'yellow' | 'red';
  /** Stable name of the condition, for scripts. */
  readonly code: string;
  readonly text: string;
  readonly remedy: string;
}

export interface GatewayStatus {
  readonly level: 'green' | 'yellow' | 'red';
  readonly reasons: readonly StatusReason[];
  readonly version: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly protection: boolean;
  readonly mode: 'protect' | 'monitor';
  readonly draining: boolean;
  readonly generation: string;
  readonly endpoints: readonly {
    readonly protocol: string;
    readonly address: string;
    readonly port: number;
  }[];
  readonly quarantine: { readonly objects: number; readonly bytes: number; readonly quotaBytes: number };
}

export interface StatusProvider {
  status(): Promise<GatewayStatus>;
}

export interface RuleSetStatus {
  readonly generation: string;
  readonly rules: number;
  /** ISO 8601 UTC. */
  readonly loadedAt: string;
  readonly files: readonly {
    readonly namespace: string;
    readonly path: string;
    readonly sha256: string;
  }[];
  /** Rules on trial. */
  readonly shadowFiles: RuleSetStatus['files'];
  readonly digestFiles: RuleSetStatus['files'];
  /** New rules are still compared with the ones before. */
  readonly isOnProbation: boolean;
  /** Why the newest rules do not judge; null: they do. */
  readonly problem: string | null;
  readonly sources: readonly {
    readonly name: string;
    /** ISO 8601 UTC of the last look that succeeded; null: never since the start. */
    readonly checkedAt: string | null;
    readonly problem: string | null;
  }[];
  /** What matched since the start, most messages first; `shadow` is the engine of rules on trial. */
  readonly hits: readonly {
    readonly engine: string;
    readonly namespace: string;
    readonly rule: string;
    readonly messages: number;
    /** ISO 8601 UTC. */
    readonly lastAt: string;
  }[];
}

export interface RulesProvider {
  rules(): RuleSetStatus;
}

export interface Exclusion {
  readonly id: string;
  /** What is excluded, as a person reads it: `client 10.0.0.5`, `user backup`. */
  readonly what: string;
  readonly owner: string;
  readonly reason: string;
  /** ISO 8601 UTC; null: never. */
  readonly expiresAt: string | null;
  /** Messages that it let through. */
  readonly hits: number;
}

export interface ExclusionsProvider {
  list(): readonly Exclusion[];
}

export interface SessionStatus {
  readonly id: string;
  readonly protocol: string;
  readonly client: string;
  readonly user: string;
  readonly application: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly isTunnel: boolean;
}

export interface SessionsProvider {
  list(): readonly SessionStatus[];
  /** Ends one session at the next command boundary; false when there is none of that name. */
  kick(id: string): boolean;
}

export interface DrainSwitch {
  /** Begins to drain; asking again changes nothing. */
  drain(reason: string): void;
}

/** What is pushed to those who watch. */
export type LiveEvent =
  | { readonly type: 'detection'; readonly data: unknown }
  | { readonly type: 'status'; readonly data: unknown };
