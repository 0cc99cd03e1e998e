import type { Clock } from '../base/clock.ts';
import { globMatches } from '../base/config/glob.ts';
import type { Config } from '../base/config/schema.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Channel } from './channel.ts';
import type { GatewayListener } from './listener.ts';
import { LoginDomains } from './placement/login-domains.ts';
import { Upstream } from './upstream.ts';
import { type MailProtocol, upstreamRoute } from './upstream-route.ts';

interface Named {
  readonly name: string;
  readonly domains: readonly string[];
  readonly serverNames: readonly string[];
  readonly upstream: Upstream;
}

export interface UpstreamsParts {
  readonly config: Config;
  readonly listeners: readonly GatewayListener[];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly isOurselves: (channel: Channel) => boolean;
}

/** A mail server and how many of its hosts answered last. */
export interface UpstreamState {
  readonly name: string;
  readonly hosts: number;
  readonly up: number;
}

/** The mail servers behind the gateway, and which of them a connection goes to. */
export class Upstreams {
  readonly #default: Named;
  readonly #named: readonly Named[];
  readonly #byDomain: LoginDomains<Upstream>;
  readonly #parts: UpstreamsParts;
  #stopChecks: (() => void)[] = [];

  /** Throws `CERTIFICATE_INVALID` when authorities cannot be read. */
  constructor(parts: UpstreamsParts) {
    this.#parts = parts;
    const { config, metrics, clock, isOurselves } = parts;
    const open = (name: string, upstream: Config['upstream']): Upstream =>
      new Upstream({ name, upstream, metrics, clock, isOurselves, minVersion: config.tls.minVersion });
    const ours = open('upstream', config.upstream);
    this.#default = { name: 'upstream', serverNames: [], domains: [], upstream: ours };
    this.#named = config.upstreams.map(({ name, serverNames, domains, ...settings }) => ({
      name,
      serverNames,
      domains,
      upstream: open(name, settings),
    }));
    this.#byDomain = new LoginDomains(this.#named.map(({ domains, upstream }) => [domains, upstream]));
  }

  /** By the name the client asks for, then by listener. */
  choose(listener: GatewayListener, serverName = ''): Upstream {
    const byName = serverName === '' ? undefined : this.#named.find((one) => isFor(one, serverName));
    const byListener = this.#named.find(({ name }) => name === listener.upstream);
    return (byName ?? byListener ?? this.#default).upstream;
  }

  /** By the domain of a login name; undefined when no server takes it. */
  chooseFor(user: string, listener: GatewayListener): Upstream | undefined {
    const fallback = this.choose(listener);
    return this.#byDomain.find(user) ?? (fallback.hosts.all.length === 0 ? undefined : fallback);
  }

  get states(): readonly UpstreamState[] {
    return this.#all.map(({ name, upstream }) => ({
      name,
      hosts: upstream.hosts.all.length,
      up: upstream.hosts.upCount,
    }));
  }

  /** Begins to look at the hosts of servers that ask for it. */
  start(): void {
    for (const named of this.#all) {
      if (named.upstream.settings.healthCheckMs > 0) this.#schedule(named, this.#stopChecks.length);
    }
  }

  /** Those that can be dialled. */
  get #all(): readonly Named[] {
    return [this.#default, ...this.#named].filter(({ upstream }) => upstream.hosts.all.length > 0);
  }

  stop(): void {
    for (const stop of this.#stopChecks.splice(0)) stop();
  }

  #schedule(named: Named, slot: number): void {
    const { healthCheckMs } = named.upstream.settings;
    this.#stopChecks[slot] = this.#parts.clock.after(healthCheckMs, () => {
      void this.#check(named).finally(() => {
        if (this.#stopChecks.length > slot) this.#schedule(named, slot);
      });
    });
  }

  async #check({ name, upstream }: Named): Promise<void> {
    const route = upstreamRoute(this.#protocolOf(name), upstream.settings);
    await Promise.all(upstream.hosts.all.map((host) => upstream.probe(host, route)));
  }

  /** One of the protocols that lead there: its port is asked. */
  #protocolOf(name: string): MailProtocol {
    const protocols = this.#parts.listeners
      .filter((listener) => (listener.upstream ?? 'upstream') === name)
      .map(({ protocol }) => protocol);
    return protocols.find((protocol) => protocol !== 'auto') ?? 'imap';
  }
}

function isFor({ serverNames }: Named, serverName: string): boolean {
  return serverNames.some((pattern) => globMatches(pattern, serverName));
}
