import type { KeyPath } from './problem.ts';
import type { Config } from './schema.ts';

/** Where a value comes from. */
export interface Origin {
  /** `program`: set by whoever started the gateway from another program, such as the demo. */
  readonly kind: 'default' | 'file' | 'environment' | 'program';
  /** `file:line:column`, the name of a variable, or empty. */
  readonly where: string;
}

/** A configuration and where each of its values comes from. */
export interface LoadedConfig {
  readonly config: Config;
  /** Undefined: no file was read. */
  readonly file: string | undefined;
  readonly originOf: (path: KeyPath) => Origin;
}
