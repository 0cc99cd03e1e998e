import type { ConfigurationProvider } from './admin/providers.ts';
import type { Clock } from './base/clock.ts';
import { type EffectiveSetting, effectiveSettings } from './base/config/effective.ts';
import type { LoadedConfig } from './base/config/origin.ts';
import type { Config } from './base/config/schema.ts';
import { configWarnings } from './base/config/warnings.ts';
import type { Part } from './base/lifecycle.ts';
import type { ExclusionStore } from './gateway/exclusions/exclusion-store.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { ProtectionReason } from './gateway/protection-status.ts';
import { RuleWatcher } from './rules/rule-watcher.ts';

/* The part of the composition root that reads the configuration again while the gateway runs. */

/** What takes effect without a restart. */
const RELOADED: readonly (keyof Config)[] = ['exclusions', 'policy', 'policies', 'notice'];
/** Of the first problem, in the status; the log has all of it. */
const MAX_TEXT = 300;

export interface ConfigurationReloadParts {
  /** What the gateway was started with. */
  readonly loaded: LoadedConfig;
  /** Reads it again. Throws `ConfigError` when it is not valid. Undefined: there is nothing to read. */
  readonly reread: (() => LoadedConfig) | undefined;
  readonly gateway: Gateway;
  readonly exclusions: ExclusionStore;
  readonly clock: Clock;
  /** The file changed: everything is to be read again. Never rejects. */
  readonly onChange: () => Promise<unknown>;
}

/** The configuration in use: some of it can change as a whole, the rest waits for a restart. */
export class ConfigurationReload implements ConfigurationProvider {
  readonly #parts: ConfigurationReloadParts;
  /** As read last, as far as it takes effect without a restart. */
  #read: LoadedConfig;
  #readAt: number;
  #settings: readonly EffectiveSetting[] | undefined;
  #problem: string | undefined;
  #waiting: readonly string[] = [];

  constructor(parts: ConfigurationReloadParts) {
    this.#parts = parts;
    this.#read = parts.loaded;
    this.#readAt = parts.clock.now();
  }

  get file(): string | null {
    return this.#parts.loaded.file ?? null;
  }

  get loadedAt(): string {
    return new Date(this.#readAt).toISOString();
  }

  get warnings(): readonly string[] {
    return configWarnings(this.#read.config);
  }

  /** What is in force: what changed without a restart from the newest file, the rest from that of the start. */
  get settings(): readonly EffectiveSetting[] {
    this.#settings ??= this.#effective();
    return this.#settings;
  }

  #effective(): readonly EffectiveSetting[] {
    const newest = Map.groupBy(effectiveSettings(this.#read).filter(isReloaded), ({ key }) => sectionOf(key));
    const started = effectiveSettings(this.#parts.loaded);
    const taken = new Set<string>();
    return started.flatMap((setting) => {
      if (!isReloaded(setting)) return [setting];
      const section = sectionOf(setting.key);
      if (taken.has(section)) return [];
      taken.add(section);
      return newest.get(section) ?? [];
    });
  }

  /** Throws when what is in use stays. */
  run(): void {
    const { reread, gateway, exclusions } = this.#parts;
    if (reread === undefined) return;
    try {
      const read = reread();
      const { config } = read;
      gateway.reconfigure(config); // throws before anything has changed
      exclusions.replace(config.exclusions);
      this.#waiting = this.#changedBeyond(config);
      this.#problem = undefined;
      this.#read = read;
      this.#readAt = this.#parts.clock.now();
      this.#settings = undefined;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#problem = (text.split('\n', 1)[0] ?? '').slice(0, MAX_TEXT);
      throw error;
    }
  }

  /** Looks at the file, and at the folder of the own authority, while the gateway runs. */
  part(): Part {
    const watcher = this.#watcher();
    return {
      name: 'configuration',
      start: async () => await watcher?.start(),
      stop: async () => watcher?.stop(),
    };
  }

  #watcher(): RuleWatcher | undefined {
    const { loaded, clock, onChange } = this.#parts;
    const { file, config } = loaded;
    if (file === undefined || config.configCheckMs === 0) return undefined;
    const changed = async (): Promise<void> => void (await onChange());
    const { ca } = config.tlsFilter;
    const paths = ca === undefined ? [file] : [file, ca];
    return new RuleWatcher({ paths: () => paths, everyMs: config.configCheckMs, clock, onChange: changed });
  }

  reasons(): readonly ProtectionReason[] {
    return [...this.#problemReason(), ...this.#waitingReason()];
  }

  #problemReason(): ProtectionReason[] {
    if (this.#problem === undefined) return [];
    return [
      {
        id: 'configuration-invalid',
        level: 'yellow',
        text: `The changed configuration is not used: ${this.#problem}`,
        remedy: 'Correct it; "postern check" shows everything that is wrong with line and column.',
      },
    ];
  }

  #waitingReason(): ProtectionReason[] {
    if (this.#waiting.length === 0) return [];
    return [
      {
        id: 'configuration-restart',
        level: 'yellow',
        text: `The configuration has changes that are not in force yet: ${this.#waiting.join(', ')}.`,
        remedy: 'Restart the gateway.',
      },
    ];
  }

  /** Sections that differ from what runs and cannot change under it. */
  #changedBeyond(config: Config): string[] {
    const running = new Map<string, unknown>(Object.entries(this.#parts.loaded.config));
    return Object.entries(config)
      .filter(([name]) => !RELOADED.some((key) => key === name))
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(running.get(name)))
      .map(([name]) => name);
  }
}

/** `policies[0].name` stands in `policies`. */
function sectionOf(key: string): string {
  return /^\w+/u.exec(key)?.[0] ?? key;
}

function isReloaded({ key }: EffectiveSetting): boolean {
  return RELOADED.some((name) => name === sectionOf(key));
}
