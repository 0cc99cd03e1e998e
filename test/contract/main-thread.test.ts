import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, it } from 'node:test';

const PROJECT = join(import.meta.dirname, '../..');
/** Modules that are loaded with one that imports them, at once or later; types are none. */
const IMPORT = /^(?:import|export) (?!type )(?:[^;']*? from )?'(\.[^']+\.ts)'|\bimport\('(\.[^']+\.ts)'\)/gmu;
/**
 * What stands still until somebody else is done: `Atomics.wait` until a thread wakes it, the others until a process
 * ends or for a thread that holds the lock of its port. `eventLoopUtilization` of a worker takes the lock of that worker.
 */
const WAITS =
  /\bAtomics\.wait\(|\breceiveMessageOnPort\b|\b(?:spawn|exec|execFile)Sync\b|\.eventLoopUtilization\(/u;

function source(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

/** Every module of ours that the thread of `entry` loads; threads that it starts have entries of their own. */
function loadedBy(entry: string): string[] {
  const found = new Set([entry]);
  for (const path of found) {
    for (const [, first, second] of source(path).matchAll(IMPORT)) {
      found.add(relative(PROJECT, join(PROJECT, dirname(path), first ?? second ?? '')));
    }
  }
  return [...found];
}

describe('the thread of the sessions', () => {
  const loaded = loadedBy('src/app.ts');

  it('has no code that waits for another thread or process', () => {
    assert.ok(loaded.includes('src/gateway/session.ts') && loaded.includes('src/workers/dispatcher.ts'));
    assert.deepEqual(
      loaded.filter((path) => WAITS.test(source(path))),
      [],
    );
  });

  it('is what these words are looked for in: elsewhere they stand', () => {
    const scanning = loadedBy('src/workers/scan-worker.ts').filter((path) => WAITS.test(source(path)));
    assert.deepEqual(scanning, ['src/workers/faults.ts']);
  });

  it('speaks with scan threads through a courier', () => {
    assert.ok(!loaded.includes('src/scanner-opening.ts'), 'only commands ask their threads directly');
    assert.deepEqual(
      loaded.filter((path) => /\bisAlone: /u.test(source(path))),
      [],
    );
    const entries = loaded.filter((path) => source(path).includes("'./scan-worker.ts'"));
    assert.deepEqual(entries, ['src/workers/scan-squad.ts']);
  });
});
