import type { ProtectionProvider } from './admin/providers.ts';
import type { Logger } from './base/log.ts';
import type { Gateway } from './gateway/gateway.ts';
import type {
  ProtectionSwitches,
  SwitchChange,
  SwitchName,
  SwitchState,
} from './gateway/protection-switches.ts';

/**
 * The switches, and what follows when something is on again: whoever is still forwarded untouched is cut, because a
 * session of a telephone lasts for days. Clients connect again by themselves, those that are excluded as well.
 */
export class ProtectionDesk implements ProtectionProvider {
  readonly #switches: ProtectionSwitches;
  readonly #gateway: Pick<Gateway, 'sessions' | 'kick'>;
  readonly #log: Logger;

  constructor(switches: ProtectionSwitches, gateway: Pick<Gateway, 'sessions' | 'kick'>, log: Logger) {
    this.#switches = switches;
    this.#gateway = gateway;
    this.#log = log;
  }

  list(): readonly SwitchState[] {
    return this.#switches.list();
  }

  set(name: SwitchName, change: SwitchChange): void {
    const wasOn = this.#switches.isOn(name) && !this.#switches.hasEnded(name);
    this.#switches.set(name, change);
    if (!wasOn && change.isOn) this.#endUnscanned();
  }

  /** Switches that ended by themselves since the last call. */
  takeEnded(): readonly SwitchName[] {
    const ended = this.#switches.takeEnded();
    if (ended.some((name) => this.#switches.isOn(name))) this.#endUnscanned();
    return ended;
  }

  #endUnscanned(): void {
    const tunnels = this.#gateway.sessions.filter(({ isTunnel }) => isTunnel);
    for (const { id } of tunnels) this.#gateway.kick(id);
    if (tunnels.length === 0) return;
    this.#log.info(
      { sessions: tunnels.length },
      'ended what was forwarded untouched: something is scanned again',
    );
  }
}
