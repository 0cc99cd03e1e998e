import type { Config } from '../../base/config/schema.ts';
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

/** The policies of the configuration by name and by domain of user. */
export class Policies {
  readonly #default: PolicySettings;
  readonly #named = new Map<string, PolicySettings>();
  readonly #domains = new Map<string, PolicySettings>();

  constructor({ mode, policy, policies }: Pick<Config, 'mode' | 'policy' | 'policies'>) {
    this.#default = { mode, policy };
    this.#named.set('default', this.#default);
    for (const { name, domains, mode: ownMode, ...table } of policies) {
      const settings = { mode: ownMode ?? mode, policy: table };
      this.#named.set(name, settings);
      for (const domain of domains) this.#domains.set(domain.toLowerCase(), settings);
    }
  }

  /** A user's domain wins over the place, and the listener over the server. */
  at({ listener, upstream }: PolicyReferences): PolicyChoice {
    const ofPlace = this.#find(listener) ?? this.#find(upstream) ?? this.#default;
    return { of: (user) => this.#domains.get(domainOf(user)) ?? ofPlace };
  }

  #find(name: string | undefined): PolicySettings | undefined {
    return name === undefined ? undefined : this.#named.get(name);
  }
}

function domainOf(user: string): string {
  const at = user.lastIndexOf('@');
  return at < 0 ? '' : user.slice(at + 1).toLowerCase();
}
