import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMAP_LIMITS } from '../limits.ts';
import { readStatusText, renderStatusText } from './status-text.ts';

function passed(text: string): string {
  return renderStatusText(readStatusText(text));
}

describe('status text', () => {
  it('keeps the code and its arguments', () => {
    assert.deepEqual(readStatusText('[appenduid 1 2:3] done'), {
      code: 'APPENDUID',
      codeArguments: '1 2:3',
      text: 'done',
    });
    assert.equal(
      passed('[PERMANENTFLAGS (\\Answered \\*)] Flags'),
      '[PERMANENTFLAGS (\\Answered \\*)] Flags',
    );
    assert.equal(passed('[X "a]b"] y'), '[X "a]b"] y');
    assert.equal(passed('[READ-ONLY]'), '[READ-ONLY] done');
  });

  it('drops codes that lead elsewhere or announce a literal', () => {
    assert.equal(passed('[REFERRAL imap://x/] moved'), 'moved');
    assert.equal(passed('[URLMECH INTERNAL] x'), 'x');
    assert.equal(passed('[X {5}] y'), 'y');
  });

  it('reads a code that never closes as text', () => {
    assert.equal(passed('[Error="x'), '(Error=x');
    assert.equal(passed('[Error="x] y'), '(Error=x] y');
  });

  it('makes free text harmless', () => {
    assert.equal(passed('a {5} "b" \\ c\x07\xe9'), 'a 5 b  c??');
    assert.equal(passed(''), 'done');
  });

  it('passes the longest text and cuts one octet more', () => {
    const { statusTextBytes } = IMAP_LIMITS;
    assert.equal(passed('x'.repeat(statusTextBytes)).length, statusTextBytes);
    assert.equal(passed('x'.repeat(statusTextBytes + 1)).length, statusTextBytes);
  });
});
