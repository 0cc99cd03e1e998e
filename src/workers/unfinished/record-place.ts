import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RECORD_NAME } from './record-file.ts';

/** The folder, or the one in which it would be made. */
function nearestFolder(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestFolder(parent);
}

/**
 * Why the record of unfinished scans could not be kept in `folder`; undefined when it can, as far as can be seen
 * without writing, with the rights of whoever asks.
 */
export function recordObstacle(folder: string): string | undefined {
  const nearest = nearestFolder(resolve(folder));
  const record = join(nearest, RECORD_NAME);
  try {
    if (!statSync(nearest).isDirectory()) return `${nearest} is no folder`;
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK);
    if (existsSync(record)) accessSync(record, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
