import type { Config } from '../../base/config/schema.ts';
import { domainOf } from '../placement/login-domains.ts';
import type { PolicySettings } from './policy.ts';

/** What refers to a policy, strongest first; undefined where nothing is said. */
export interface PolicyReferences {
  readonly listener: string | undefined;
  readonly upstream: string | undefined;
}

/** Which policy a message falls under. */
export interface PolicyChoice {
  /** `user` is a login name, or empty. */
  of(user: string): PolicySettings;
}

/** What may change while sessions run. */
export type PolicyTables = Pick<Config, 'policy' | 'policies'>;

/** A table; without a mode of its own it has that of all. */
interface NamedPolicy {
  readonly ownMode: Config['mode'] | undefined;
  readonly policy: Config['policy'];
}

/** The policies of the configuration by name and by domain of user. */
export class Policies {
  readonly #config: Pick<Config, 'mode'>;
  #tables: Tables;

  constructor(config: Pick<Config, 'mode' | 'policy' | 'policies'>) {
    this.#config = config;
    this.#tables = tablesOf(config);
  }

  /** In force from the next message on, also in sessions that run. */
  replace(config: PolicyTables): void {
    this.#tables = tablesOf(config);
  }

  /**
   * A user's domain wins over the place, and the listener over the server. The mode is that of this moment: a session
   * keeps the one that it began under.
   */
  at({ listener, upstream }: PolicyReferences): PolicyChoice {
    const { mode } = this.#config;
    return {
      of: (user) => {
        const { named, domains } = this.#tables;
        const ofPlace = named.get(listener ?? '') ?? named.get(upstream ?? '') ?? this.#tables.default;
        const { ownMode = mode, policy } = domains.get(domainOf(user)) ?? ofPlace;
        return { mode: ownMode, policy };
      },
    };
  }
}

interface Tables {
  readonly default: NamedPolicy;
  readonly named: ReadonlyMap<string, NamedPolicy>;
  readonly domains: ReadonlyMap<string, NamedPolicy>;
}

function tablesOf(config: PolicyTables): Tables {
  const ofAll: NamedPolicy = { ownMode: undefined, policy: config.policy };
  const named = new Map([['default', ofAll]]);
  const domains = new Map<string, NamedPolicy>();
  for (const { name, domains: own, mode: ownMode, ...policy } of config.policies) {
    const one: NamedPolicy = { ownMode, policy };
    named.set(name, one);
    for (const domain of own) domains.set(domain.toLowerCase(), one);
  }
  return { default: ofAll, named, domains };
}
