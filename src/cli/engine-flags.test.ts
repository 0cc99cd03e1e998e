import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { SERVE_FLAGS } from './engine-flags.ts';

describe('the flags of a gateway', () => {
  it('are all known to this V8, which passes over others', () => {
    const { stdout } = spawnSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    for (const flag of SERVE_FLAGS) {
      const [name = ''] = flag.split('=');
      assert.match(stdout, new RegExp(`^\\s+${name} \\(`, 'm'));
    }
  });
});
