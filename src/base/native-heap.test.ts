import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { LARGE_BYTES } from './native-heap.ts';

const MODULE = new URL('./native-heap.ts', import.meta.url).href;
/** Together less than what glibc would give back at once after the first. */
const COUNT = 6;

/** Resident bytes of a process of its own that had some large buffers at once and let go of them. */
function keptBytes(prologue: string): number {
  const script = `${prologue}
    const koffi = (await import('koffi')).default;
    const c = koffi.load(null);
    const malloc = c.func('void *malloc(size_t)'), free = c.func('void free(void *)'), set = c.func('void *memset(void *, int, size_t)');
    free(malloc(${4 * LARGE_BYTES}));
    const { readFileSync } = await import('node:fs');
    const resident = () => Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
    const before = resident();
    const held = Array.from({ length: ${COUNT} }, () => set(malloc(${LARGE_BYTES + 4096}), 1, ${LARGE_BYTES + 4096}));
    for (const one of held) free(one);
    console.log(resident() - before);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    encoding: 'latin1',
  });
  assert.match(stdout, /^-?\d+\s*$/, stderr);
  return Number(stdout);
}

describe('large buffers', () => {
  it('go back to the system when they are freed', () => {
    const own = keptBytes(`(await import('${MODULE}')).returnLargeBuffers();`);
    assert.ok(own < LARGE_BYTES, `${own} bytes are still there`);
  });

  it('would stay otherwise', () => {
    const kept = keptBytes('');
    assert.ok(kept > (COUNT / 2) * LARGE_BYTES, `only ${kept} bytes are still there`);
  });
});
