import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const PROJECT = join(import.meta.dirname, '../..');
/** Every place that starts the gateway for good, and the benchmark, which must measure what is run. */
const PLACES = [
  'Dockerfile',
  'package.json',
  'deploy/systemd/postern.service',
  'deploy/systemd/postern@.service',
  'bench/contenders.ts',
];

function heapFlags(file: string): readonly string[] {
  return readFileSync(join(PROJECT, file), 'utf8').match(/--(?:max|min)-semi-space-size=\d+/g) ?? [];
}

describe('the command line of the gateway', () => {
  it('asks for the same young generation wherever it is started', () => {
    const [expected = []] = PLACES.map(heapFlags);
    assert.equal(expected.length, 2);
    assert.deepEqual(
      PLACES.map((place) => [place, heapFlags(place)]),
      PLACES.map((place) => [place, expected]),
    );
  });
});
