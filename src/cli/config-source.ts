import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { loadWithOrigins } from '../base/config/load.ts';
import type { LoadedConfig } from '../base/config/origin.ts';
import { configSchema, type Config } from '../base/config/schema.ts';
import type { Io } from './io.ts';
import { STARTER_RULES } from './starter-rules.ts';

const DEFAULT_FILE = 'config/gateway.yaml';

/** Stands in where a command needs rules and limits but no server. The name can never be resolved (RFC 6761). */
const NO_UPSTREAM = 'upstream.invalid';

export const CONFIG_HELP = `  --config FILE   configuration; default: POSTERN_CONFIG, then ./${DEFAULT_FILE} when it is there,
                  then the defaults. POSTERN_… variables win over the file.`;

/** The file that a command uses: what was asked for, what the environment names, the default if it is there. */
export function configPath(option: string | undefined, env: Io['env']): string | undefined {
  const named = option ?? (env['POSTERN_CONFIG'] === '' ? undefined : env['POSTERN_CONFIG']);
  return named ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
}

export function loadFrom(path: string | undefined, env: Io['env'], checkFiles = true): Config {
  return loadedFrom(path, env, checkFiles).config;
}

/** The same with the source of each value. */
export function loadedFrom(path: string | undefined, env: Io['env'], checkFiles = true): LoadedConfig {
  return loadWithOrigins({ ...(path === undefined ? {} : { path }), env, checkFiles });
}

/**
 * For commands that do not connect anywhere: without a file the defaults are enough, with the rules of the product
 * where the working directory has none.
 */
export function loadForTool(option: string | undefined, env: Io['env']): Config {
  const path = configPath(option, env);
  if (path !== undefined) return loadFrom(path, env, false);
  const config = loadFrom(path, { POSTERN_UPSTREAM_HOST: NO_UPSTREAM, ...env }, false);
  const { rules } = configSchema.parse({ upstream: { host: NO_UPSTREAM } });
  const isDefault = isDeepStrictEqual(config.rules, rules) && !rules.some((place) => existsSync(place));
  return isDefault ? { ...config, rules: [STARTER_RULES] } : config;
}
