import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Bomb } from '../corpus/bombs.ts';
import { corpusPipeline } from './corpus-pipeline.ts';

/** A limit that was made for it stopped the bomb, not the clock. */
const CAUSES: readonly string[] = ['bomb', 'too-deep', 'too-large', 'malformed'];

/** A test for each bomb: what must be blocked is, what must be bounded ends, neither by the deadline. */
export function defuse(bombs: readonly Bomb[]): void {
  const pipeline = corpusPipeline('with marker');
  assert.ok(bombs.length > 0);
  for (const { kind, name, make, must } of bombs) {
    it(`${kind}: ${name} is ${must}, and not by the deadline`, async () => {
      const { verdict } = await pipeline.scan(make(), 'message');
      if (must === 'blocked') {
        assert.equal(verdict.kind, 'unscannable');
      }
      assert.ok(verdict.kind === 'clean' || verdict.kind === 'unscannable', verdict.kind);
      assert.ok(verdict.kind === 'clean' || CAUSES.includes(verdict.cause), JSON.stringify(verdict));
    });
  }
}
