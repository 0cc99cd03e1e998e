/** `npm run console`: bundles the console. Its result is committed, so that a start needs no build. */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..');
const CONSOLE = join(PROJECT, 'src/admin/console');
const SOURCES = join(CONSOLE, 'web');
const BUNDLE = join(CONSOLE, 'dist');
/** In the bundle: what it was made from. */
const DIGEST_FILE = join(BUNDLE, 'sources.sha256');

/** Of everything that the bundle follows from: sources, this file, and the versions of what is bundled in. */
export function sourcesDigest(): string {
  const hash = createHash('sha256').update(readFileSync(import.meta.filename));
  for (const file of globSync('**/*', { cwd: SOURCES }).sort()) {
    const path = join(SOURCES, file);
    if (statSync(path).isFile()) hash.update(`\0${file}\0`).update(readFileSync(path));
  }
  for (const library of ['preact', 'uplot', 'vite']) {
    const manifest = JSON.parse(readFileSync(join(PROJECT, 'node_modules', library, 'package.json'), 'utf8'));
    hash.update(`\0${library} ${String(manifest.version)}`);
  }
  return hash.digest('hex');
}

/** What the committed bundle was made from. */
export function bundledDigest(): string {
  return readFileSync(DIGEST_FILE, 'utf8').trim();
}

async function build(): Promise<void> {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: SOURCES,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: BUNDLE,
      emptyOutDir: true,
      target: 'es2022',
      // The policy of the page allows no inline script.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      // One name for ever: what changes is told by ETag, and git shows one file.
      rolldownOptions: {
        output: { entryFileNames: 'console.js', assetFileNames: 'console[extname]', codeSplitting: false },
      },
    },
  });
  writeFileSync(DIGEST_FILE, `${sourcesDigest()}\n`);
}

if (import.meta.main) {
  await build();
  console.log(BUNDLE);
}
