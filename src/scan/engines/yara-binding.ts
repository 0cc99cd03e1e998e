import { createRequire } from 'node:module';

/** What the compiler says about a source; `message` is several lines long and carries the position. */
export interface YaraDiagnostic {
  readonly code: string;
  readonly message: string;
}

export interface YaraMatch {
  readonly ruleIdentifier: string;
  readonly namespace: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

export interface YaraCompilerOptions {
  readonly namespace?: string;
  readonly errorOnSlowPattern?: boolean;
  readonly errorOnSlowLoop?: boolean;
  readonly enableIncludes?: boolean;
}

/** Compiled rules with a scanner in them. Every setter drops the kept scanner, which is dear with many rules. */
export interface YaraRules {
  /** Synchronous. Throws an error with code `Cancelled` on time-out. The bytes may be shared memory. */
  scan(bytes: Uint8Array): readonly YaraMatch[];
  /** Compiles everything again, in one pass. The object is useless after it threw. */
  addRuleSources(sources: readonly { readonly source: string; readonly namespace: string }[]): void;
  setTimeout(ms: number): void;
  setMaxMatchesPerPattern(count: number): void;
  serialize(): Uint8Array;
}

/** The part of the native binding that is used. */
export interface YaraBinding {
  compile(source: string, options: YaraCompilerOptions): YaraRules;
  validate(
    source: string,
    options: YaraCompilerOptions,
  ): { readonly errors: readonly YaraDiagnostic[]; readonly warnings: readonly YaraDiagnostic[] };
  /** Rules that `serialize` of the same version of the binding wrote. */
  deserialize(rules: Uint8Array): YaraRules;
}

/**
 * The platform package first: `@litko/yara-x` cannot be in the lockfile because some of its platform packages
 * do not exist in every registry, so it is only tried where somebody installed it by hand.
 */
const PACKAGES = ['@litko/yara-x-linux-x64-gnu', '@litko/yara-x'] as const;

function isBinding(value: unknown): value is YaraBinding {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['compile', 'validate', 'deserialize'].every(
      (name) => name in value && typeof Reflect.get(value, name) === 'function',
    )
  );
}

/** Loads the native binding. Throws when this platform has none. */
export function loadYara(): YaraBinding {
  const require = createRequire(import.meta.url);
  const reasons: unknown[] = [];
  for (const name of PACKAGES) {
    try {
      const binding: unknown = require(name);
      if (isBinding(binding)) {
        return binding;
      }
      reasons.push(new Error(`${name} has another interface`));
    } catch (reason) {
      reasons.push(reason);
    }
  }
  throw new AggregateError(reasons, `no YARA-X binding for this platform (${PACKAGES.join(', ')})`);
}
