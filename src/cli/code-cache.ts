import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/* Node's compile cache: what was compiled once is read the next time, by the threads as well. */

const WRITABLE_BY_OTHERS = 0o022;
const OPEN_TO_OTHERS = 0o077;
const STICKY = 0o1000;
const ROOT = 0;

export interface CacheUser {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Nobody but this user and root can put another thing in the place of `folder`. */
function isOutOfReach(folder: string, uid: number): boolean {
  const { mode, uid: owner } = lstatSync(folder);
  const isSafe =
    (owner === uid || owner === ROOT) && ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0);
  return isSafe && (dirname(folder) === folder || isOutOfReach(dirname(folder), uid));
}

/**
 * A folder of this user alone, made when it is missing; undefined when there is none. What lies in it is run as it
 * is, so a folder that another user could have written to is none.
 */
export function codeCacheFolder({ uid, env, home }: CacheUser): string | undefined {
  const named = env['XDG_CACHE_HOME'] ?? '';
  const folder = join(isAbsolute(named) ? named : join(home, '.cache'), 'postern', 'code');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = realpathSync(folder);
    const { mode, uid: owner } = lstatSync(path);
    return owner === uid && (mode & OPEN_TO_OTHERS) === 0 && isOutOfReach(dirname(path), uid)
      ? path
      : undefined;
  } catch {
    return undefined; // read-only, no home: every start compiles
  }
}

/** Before anything else is imported. NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE win, as everywhere in Node. */
export function openCodeCache(env: CacheUser['env']): void {
  const uid = process.getuid?.();
  if (uid === undefined || env['NODE_COMPILE_CACHE'] !== undefined || env['NODE_V8_COVERAGE'] !== undefined) {
    return;
  }
  const folder = codeCacheFolder({ uid, env, home: homedir() });
  if (folder !== undefined) {
    enableCompileCache(folder);
  }
}
