import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { base64Stretches } from './text-runs.ts';

/** How many bytes of `text` are read to find its stretches. */
function reads(text: string): number {
  let count = 0;
  const bytes = new Proxy(new Uint8Array(Buffer.from(text)), {
    get: (target, name) => {
      count += name === 'length' ? 0 : 1;
      return Reflect.get(target, name, target);
    },
  });
  base64Stretches(bytes, 64);
  return count;
}

describe('stretches of encoded text', () => {
  it('are found with a few looks at each byte, whatever stands between letters', () => {
    for (const unit of ['\\a', '\\', 'a', '\\n', 'a ', '\\/', 'a\n', 'ab\\n', '/\\', `${'a'.repeat(62)}. `]) {
      const text = unit.repeat(10_000 / unit.length);
      assert.ok(reads(text) < 20 * text.length, `${unit} ${reads(text) / text.length}`);
    }
  });

  it('go on behind a few escapes of line ends, and not behind more', () => {
    const half = 'QUJD'.repeat(16);
    const found = (escapes: number): number => {
      const text = `"${half}${String.raw`\n`.repeat(escapes)}${half}"`;
      return base64Stretches(Buffer.from(text), half.length).length;
    };
    assert.equal(found(8), 1);
    assert.equal(found(9), 2);
  });

  it('are found behind signs that may stand in one', () => {
    for (const before of ['\\', '\\a'.repeat(40), `${'a'.repeat(63)}.`, '\n\n', '. \\n']) {
      const text = `${before}\\${'QUJD'.repeat(16)}.`;
      const found = base64Stretches(Buffer.from(text), 64).at(-1);
      assert.equal(text.slice(found?.start, found?.end), 'QUJD'.repeat(16), before);
    }
  });
});
