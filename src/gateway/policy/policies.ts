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

/** A table; without a mode of its own it has that of all. */
interface NamedPolicy {
  readonly ownMode: Config['mode'] | undefined;
  readonly policy: Config['policy'];
}

/** The policies of the configuration by name and by domain of user. */
export class Policies {
  readonly #config: Pick<Config, 'mode'>;
  readonly #default: NamedPolicy;
  readonly #named = new Map<string, NamedPolicy>();
  readonly #domains = new Map<string, NamedPolicy>();

  constructor(config: Pick<Config, 'mode' | 'policy' | 'policies'>) {
    this.#config = config;
    this.#default = { ownMode: undefined, policy: config.policy };
    this.#named.set('default', this.#default);
    for (const { name, domains, mode: ownMode, ...policy } of config.policies) {
      const named = { ownMode, policy };
      this.#named.set(name, named);
      for (const domain of domains) this.#domains.set(domain.toLowerCase(), named);
    }
  }

  /**
   * A user's domain wins over the place, and the listener over the server. The mode is that of this moment: a session
   * keeps the one that it began under.
   */
  at({ listener, upstream }: PolicyReferences): PolicyChoice {
    const { mode } = this.#config;
    const ofPlace = this.#find(listener) ?? this.#find(upstream) ?? this.#default;
    return {
      of: (user) => {
        const { ownMode = mode, policy } = this.#domains.get(domainOf(user)) ?? ofPlace;
        return { mode: ownMode, policy };
      },
    };
  }

  #find(name: string | undefined): NamedPolicy | undefined {
    return name === undefined ? undefined : this.#named.get(name);
  }
}
