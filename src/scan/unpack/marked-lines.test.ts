import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasMarkedLines } from './marked-lines.ts';

const LINES = Array.from({ length: 4 }, (_, index) => `Rg${index}+x/Z`.repeat(10));

function isMarked(mark: (line: string, index: number) => string): boolean {
  return hasMarkedLines(Buffer.from(LINES.map(mark).join('\r\n'), 'latin1'));
}

describe('lines of base64', () => {
  it('belong together with up to 32 bytes from one to the next', () => {
    assert.equal(
      isMarked((line) => `|${' '.repeat(29)}${line}`),
      true,
    );
    assert.equal(
      isMarked((line) => `|${' '.repeat(30)}${line}`),
      false,
    );
  });

  it('are known by 40 letters', () => {
    assert.equal(
      isMarked((line) => `| ${line.slice(0, 40)}`),
      true,
    );
    assert.equal(
      isMarked((line) => `| ${line.slice(0, 39)}`),
      false,
    );
  });

  it('may have a number', () => {
    assert.equal(
      isMarked((line, index) => `${1000 + index} ${line}`),
      true,
    );
  });

  it('are one run without a mark, and in a quoted mail', () => {
    assert.equal(
      isMarked((line) => line),
      false,
    );
    assert.equal(
      isMarked((line) => `> ${line}`),
      false,
    );
  });

  it('are none where they are digits, as in dumps and lists of digests, or torn by other bytes', () => {
    assert.equal(
      isMarked((_, index) => `:${String(index).repeat(64)}`),
      false,
    );
    assert.equal(
      isMarked((line) => `${line}\xe4\xa5\xab`),
      false,
    );
  });
});
