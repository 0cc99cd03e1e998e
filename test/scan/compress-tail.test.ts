import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixture } from '../corpus/archive-techniques.ts';
import { CALM, mailWith } from '../corpus/technique.ts';
import { corpusPipeline } from './corpus-pipeline.ts';

/** No stream this short has a code of nothing but ones. */
async function verdictWith(bytesBehind: number): Promise<string> {
  const file = Buffer.concat([fixture('a.Z')(CALM), Buffer.alloc(bytesBehind, 0xff)]);
  const { verdict } = await corpusPipeline('starter only').scan(mailWith('a.Z', file), 'message');
  return verdict.kind;
}

describe('a stream of compress with other bytes behind', () => {
  it('is clean with as many as padding may be', async () => {
    assert.equal(await verdictWith(64), 'clean');
  });

  it('is damaged with more', async () => {
    assert.equal(await verdictWith(68), 'unscannable');
  });
});
