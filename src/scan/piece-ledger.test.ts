import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../test/corpus/seeded.ts';
import { ContentKey, LARGE_BYTES, SHORT_BYTES } from './content-key.ts';
import { PieceLedger, type PieceRecord } from './piece-ledger.ts';

const LENGTHS = [0, 1, SHORT_BYTES, SHORT_BYTES + 1, LARGE_BYTES - 1, LARGE_BYTES];

describe('pieces of a message', () => {
  it('are told apart by content, whatever their lengths and whether earlier ones are forgotten', () => {
    const random = new Seeded('ledger');
    for (let round = 0; round < 50; round += 1) {
      const ledger = new PieceLedger();
      const expected = new Map<string, PieceRecord>();
      for (let count = 0; count < 20; count += 1) {
        const bytes = Buffer.alloc(random.pick(LENGTHS), random.pick(['a', 'b', 'c']));
        const { record, isNew } = ledger.note(ContentKey.of(bytes), { range: undefined });
        const known = expected.get(bytes.toString());
        assert.equal(isNew, known === undefined);
        assert.equal(record, known ?? record);
        expected.set(bytes.toString(), record);
        if (isNew && random.pick([true, false])) {
          record.content.forget(random.pick([true, false]));
        }
      }
      assert.equal(ledger.size, expected.size);
    }
  });

  it('are guilty wherever they stand', () => {
    const ledger = new PieceLedger();
    const ranges = [0, 100].map((start) => ({ start, end: start + 3, encoding: 'identity' as const }));
    for (const range of ranges) {
      ledger.note(ContentKey.of(Buffer.from('bad')), { range }).record.isGuilty = true;
      ledger.note(ContentKey.of(Buffer.from('fun')), { range });
    }
    assert.deepEqual(ledger.guilt(), { guilt: { kind: 'ranges', ranges }, isComplete: true });
  });
});
