import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../../test/corpus/seeded.ts';
import { createUnpackers } from './index.ts';

/** As long as the largest attachments: marks of three bytes are met several times in so many bytes, those of four not. */
const BYTES = 16 * 1024 * 1024;

describe('data that are no text and no archive', () => {
  it('call for no reading: each would take as long as the whole scan', () => {
    const bytes = new Seeded('noise').bytes(BYTES);
    const asked = createUnpackers().filter((unpacker) =>
      unpacker.recognises({ path: 'data', bytes, depth: 0 }),
    );
    assert.deepEqual(
      asked.map(({ name }) => name),
      [],
    );
  });
});
