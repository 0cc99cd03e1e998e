import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import manifest from '../package.json' with { type: 'json' };

/** Folders whose code a scan thread can load: `workers` and, by the floors, what it may import. */
const FOLDERS = ['base', 'rules', 'scan', 'workers'];
/** A container image holds no tests. */
const IS_CODE = /(?<!\.test)\.ts$/;

function codeFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && IS_CODE.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));
}

/**
 * Digest of the code below some folders of `root`: the same wherever it is installed. Names, lengths and contents
 * count.
 */
export function digestOfCode(root: string, folders: readonly string[] = FOLDERS): string {
  const hash = createHash('sha256');
  const named = folders
    .flatMap((folder) => codeFiles(join(root, folder)))
    .map((path) => ({ path, name: relative(root, path).replaceAll(sep, '/') }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  for (const { path, name } of named) {
    const bytes = readFileSync(path);
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

/**
 * What reads and judges a message here: our code, the libraries and the Node that runs them, which inflates and
 * decodes characters. The version alone does not tell two builds apart. Reads 1.4 MB, so it is asked for once.
 */
export function scanCode(): string {
  const { version, dependencies } = manifest;
  return JSON.stringify({
    version,
    dependencies,
    node: process.version,
    code: digestOfCode(import.meta.dirname),
  });
}
