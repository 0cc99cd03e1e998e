import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';

/** What can be switched while the gateway runs. `mode` on is protect, off is monitor. */
export const SWITCH_NAMES = ['protection', 'mode', 'tls-filter', 'imap', 'imaps', 'pop3', 'pop3s'] as const;
export type SwitchName = (typeof SWITCH_NAMES)[number];

/** Who switched, why, and until when. */
export interface SwitchChange {
  readonly isOn: boolean;
  readonly actor: string;
  readonly reason: string;
  /** Milliseconds since 1970; undefined: until the process ends. */
  readonly until: number | undefined;
}

export interface SwitchState {
  readonly name: SwitchName;
  readonly isOn: boolean;
  /** What the configuration says, and what counts again after a restart. */
  readonly isConfiguredOn: boolean;
  /** Undefined while the configuration counts. */
  readonly change: (SwitchChange & { readonly at: number }) | undefined;
}

type Switched = Pick<Config, 'protection' | 'mode' | 'protocols' | 'tlsFilter'>;

function configuredOn(name: SwitchName, { protection, mode, protocols, tlsFilter }: Switched): boolean {
  if (name === 'protection') return protection;
  if (name === 'mode') return mode === 'protect';
  return name === 'tls-filter' ? tlsFilter.enabled : protocols[name];
}

/**
 * Switches over the configuration, in memory: each counts at once for what begins from now on, ends by itself at its
 * time, and never outlives the process.
 */
export class ProtectionSwitches {
  readonly #configured: Config;
  readonly #clock: Clock;
  readonly #changes = new Map<SwitchName, SwitchChange & { readonly at: number }>();

  constructor(configured: Config, clock: Clock) {
    this.#configured = configured;
    this.#clock = clock;
  }

  /** The configuration with the switches over it; what it says changes with them. */
  get config(): Config {
    const configured = this.#configured;
    const isOn = (name: SwitchName): boolean => this.isOn(name);
    return {
      ...configured,
      get protection() {
        return isOn('protection');
      },
      get mode() {
        return isOn('mode') ? 'protect' : 'monitor';
      },
      get protocols() {
        return { imap: isOn('imap'), imaps: isOn('imaps'), pop3: isOn('pop3'), pop3s: isOn('pop3s') };
      },
      get tlsFilter() {
        return { ...configured.tlsFilter, enabled: isOn('tls-filter') };
      },
    };
  }

  isOn(name: SwitchName): boolean {
    return this.#inForce(name)?.isOn ?? configuredOn(name, this.#configured);
  }

  /** What the configuration says anyway is no change. */
  set(name: SwitchName, change: SwitchChange): void {
    if (change.isOn === configuredOn(name, this.#configured)) this.#changes.delete(name);
    else this.#changes.set(name, { ...change, at: this.#clock.now() });
  }

  list(): readonly SwitchState[] {
    return SWITCH_NAMES.map((name) => {
      const isConfiguredOn = configuredOn(name, this.#configured);
      return { name, isOn: this.isOn(name), isConfiguredOn, change: this.#inForce(name) };
    });
  }

  /** Did a change of it end by itself, and nobody was told yet? */
  hasEnded(name: SwitchName): boolean {
    return this.#changes.has(name) && this.#inForce(name) === undefined;
  }

  /** Forgets what ended by itself, and says which switches that were. */
  takeEnded(): readonly SwitchName[] {
    const ended = [...this.#changes.keys()].filter((name) => this.hasEnded(name));
    for (const name of ended) this.#changes.delete(name);
    return ended;
  }

  /** Asked at every use, so that no timer has to fire in time. */
  #inForce(name: SwitchName): (SwitchChange & { readonly at: number }) | undefined {
    const change = this.#changes.get(name);
    const isOver = change?.until !== undefined && this.#clock.now() >= change.until;
    return isOver ? undefined : change;
  }
}
