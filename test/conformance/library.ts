import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseScript, type Script } from './script.ts';

/** Every script, by name. Throws when there is none. */
export function loadScripts(): readonly Script[] {
  const files = globSync(join(import.meta.dirname, 'scripts', '*.txt')).sort();
  if (files.length === 0) {
    throw new Error('no conformance script found');
  }
  return files.map((file) => parseScript(basename(file, '.txt'), readFileSync(file, 'utf8')));
}
