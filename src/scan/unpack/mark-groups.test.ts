import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../../test/corpus/seeded.ts';
import { groupAt, GroupTable } from './mark-groups.ts';

const MARKS = ['PK\u0003\u0004', 'base64(', '\n# ', "'\nb'", 'Rar!\u001a\u0007', '{0}'].flatMap((text) =>
  [false, true].map((isFolded) => ({ bytes: Buffer.from(text, 'latin1'), isFolded })),
);

describe('a table of groups of marks', () => {
  it('holds every group, whatever stands behind it and in letters of either size', () => {
    const random = new Seeded('groups');
    for (const mark of MARKS) {
      for (let lead = 0; lead < mark.bytes.length - 1; lead += 1) {
        const table = new GroupTable();
        table.add(groupAt(mark, lead));
        const letters = mark.bytes.toString('latin1', lead);
        for (const form of mark.isFolded ? [letters, letters.toUpperCase()] : [letters]) {
          const seen = Buffer.concat([Buffer.from(form, 'latin1'), random.bytes(4)]);
          assert.equal(table.mayHold(seen.readInt32LE(0)), true, JSON.stringify(form));
        }
      }
    }
  });

  it('holds nearly nothing else', () => {
    const table = new GroupTable();
    MARKS.forEach((mark) => table.add(groupAt(mark, 0)));
    const noise = new Seeded('no groups').bytes(4_000);
    const held = Array.from({ length: 1_000 }, (_, at) => noise.readInt32LE(at * 4)).filter((seen) =>
      table.mayHold(seen),
    );
    assert.ok(held.length < 10, String(held.length));
  });
});
