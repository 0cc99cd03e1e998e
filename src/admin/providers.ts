import type { EffectiveSetting } from '../base/config/effective.ts';

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

/** How long each rule takes by itself. */
export interface RuleTiming {
  readonly state: 'never' | 'running' | 'done' | 'failed';
  /** ISO 8601 UTC of the end; null: none yet. */
  readonly at: string | null;
  /** Rule set that was measured; empty: none yet. */
  readonly generation: string;
  /** True when the time was over before every rule was measured. */
  readonly truncated: boolean;
  /** Dearest first. */
  readonly times: readonly {
    readonly namespace: string;
    readonly rule: string;
    readonly isShadow: boolean;
    /** Milliseconds for a megabyte of mixed content; null: the rule cannot be measured by itself. */
    readonly msPerMb: number | null;
    readonly isSlow: boolean;
  }[];
}

export interface RulesProvider {
  rules(): RuleSetStatus;
  readonly timing: RuleTiming;
  /** Measures every rule in a thread of its own; false when that goes on already. */
  measure(): boolean;
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

export interface DrainState {
  readonly draining: boolean;
  /** ISO 8601 UTC; null: it does not drain. */
  readonly since: string | null;
  readonly reason: string;
  /** ISO 8601 UTC when the sessions that are left are cut; null: it does not drain. */
  readonly deadline: string | null;
}

export interface DrainSwitch {
  readonly state: DrainState;
  /** Begins to drain; asking again changes nothing. */
  drain(reason: string): void;
}

export interface ReloadProvider {
  /** Reads rules, certificates, exclusions and policies anew; a part that cannot keeps what it had, and says why. */
  reload(
    reason: string,
  ): Promise<readonly { readonly name: string; readonly ok: boolean; readonly problem?: string }[]>;
}

/** One of the switches that decide whether mail is protected. */
export interface ProtectionSwitch {
  readonly name: ProtectionSwitchName;
  readonly isOn: boolean;
  readonly isConfiguredOn: boolean;
  /** Undefined while the configuration counts. */
  readonly change:
    | {
        readonly actor: string;
        readonly reason: string;
        /** Milliseconds since 1970. */
        readonly at: number;
        /** Undefined: until the process ends. */
        readonly until: number | undefined;
      }
    | undefined;
}

/** `mode` on is protect, off is monitor. */
export const PROTECTION_SWITCHES = [
  'protection',
  'mode',
  'tls-filter',
  'imap',
  'imaps',
  'pop3',
  'pop3s',
] as const;
export type ProtectionSwitchName = (typeof PROTECTION_SWITCHES)[number];

export interface ProtectionProvider {
  list(): readonly ProtectionSwitch[];
  /** In force at once for what begins from now on. */
  set(
    name: ProtectionSwitchName,
    change: {
      readonly isOn: boolean;
      readonly actor: string;
      readonly reason: string;
      readonly until: number | undefined;
    },
  ): void;
}

/** The configuration that the process runs with. */
export interface ConfigurationProvider {
  /** Null: no file was read. */
  readonly file: string | null;
  /** ISO 8601 UTC. */
  readonly loadedAt: string;
  /** What is valid but weak. */
  readonly warnings: readonly string[];
  readonly settings: readonly EffectiveSetting[];
}

/** An alert that did not arrive. */
export interface DeadAlert {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly receiver: string;
  readonly why: string;
  readonly batch: {
    readonly id: string;
    readonly alerts: readonly {
      readonly sha256: string;
      readonly severity: string;
      readonly verdict: string;
      readonly cause: string;
      readonly rules: readonly string[];
      readonly fetches: number;
    }[];
    readonly unlisted: number;
  };
}

export interface DeadAlertsProvider {
  /** Newest first; bounded. */
  readonly deadLetters: readonly DeadAlert[];
  /** Since the start, also those that are not listed any more. */
  readonly deadLetterCount: number;
  /** Batches that wait for a receiver. */
  readonly waiting: number;
  /** Tries once more from the beginning; false when there is none of that id. */
  retry(id: string): boolean;
  discard(id: string): boolean;
}

/** What is pushed to those who watch. */
export type LiveEvent =
  | { readonly type: 'detection'; readonly data: unknown }
  | { readonly type: 'status'; readonly data: unknown };
