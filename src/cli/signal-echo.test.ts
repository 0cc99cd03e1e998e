import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withoutEcho } from './signal-echo.ts';

it('takes signals less than 500 ms apart as one, and 500 ms apart as two', () => {
  let now = 0;
  const seen: number[] = [];
  const handle = withoutEcho(() => seen.push(now), { monotonic: () => now });
  for (const time of [0, 1, 499, 998, 1_498, 1_997]) {
    now = time;
    handle('SIGINT');
  }
  assert.deepEqual(seen, [0, 1_498]);
});
