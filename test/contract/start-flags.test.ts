import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LONE_COLLECTION } from '../../src/base/thread-priority.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** Every place that starts the gateway for good, and the benchmark, which must measure what is run. */
const PLACES = [
  'Dockerfile',
  'package.json',
  'deploy/systemd/postern.service',
  'deploy/systemd/postern@.service',
  'bench/contenders.ts',
];

function runtimeFlags(file: string): readonly string[] {
  return (
    readFileSync(join(PROJECT, file), 'utf8').match(
      /--(?:m(?:ax|in)-semi-space-size=\d+|no-parallel-[a-z-]+)/g,
    ) ?? []
  );
}

describe('the command line of the gateway', () => {
  it('asks the runtime for the same wherever it is started, and for all that its priority needs', () => {
    const [expected = []] = PLACES.map(runtimeFlags);
    assert.equal(expected.length, 2 + LONE_COLLECTION.length);
    assert.deepEqual(expected.slice(2), LONE_COLLECTION);
    assert.deepEqual(
      PLACES.map((place) => [place, runtimeFlags(place)]),
      PLACES.map((place) => [place, expected]),
    );
  });
});
