import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replaceEach } from './replace-each.ts';

const ESCAPE = /\\(?:x([\da-f]{2})|(\d{3}))/g;

function plain(_whole: string, hex?: string, octal?: string): string {
  return String.fromCharCode(hex === undefined ? Number.parseInt(octal ?? '0', 8) : Number.parseInt(hex, 16));
}

describe('replacing each match of a text', () => {
  for (const repetitions of [1, 1000, 200_000]) {
    it(`gives what the engine gives, ${repetitions} times`, () => {
      const text = `before ${String.raw`\x41 and \102,`.repeat(repetitions)} after`;
      assert.equal(replaceEach(text, ESCAPE, plain), text.replace(ESCAPE, plain));
    });
  }

  it('leaves a text without a match as it is', () => {
    const text = 'nothing '.repeat(100_000);
    assert.equal(replaceEach(text, ESCAPE, plain), text);
  });

  it('replaces a match at the beginning and at the end', () => {
    const text = `\\x41${'-'.repeat(300_000)}\\x42`;
    assert.equal(replaceEach(text, ESCAPE, plain), `A${'-'.repeat(300_000)}B`);
  });
});
