import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import {
  MAX_PASSWORD_MS,
  MAX_PASSWORD_WAIT_MS,
  MIN_PASSWORD_TRIES,
  PasswordTries,
} from './password-tries.ts';

const PASSWORDS = Array.from({ length: MIN_PASSWORD_TRIES + 1 }, (_, index) => `word-${index}`);

/** How many passwords are tried when this much time is gone before the last. */
function triedAfter(spent: { readonly clockMs: number; readonly processorMs: number }): number {
  let [clockMs, processorMs, tried] = [0, 0, 0];
  const budget = new Budget({ ...TEST_LIMITS, timeMs: 1_000_000 }, () => clockMs);
  const out = { budget, emit: () => undefined, cannot: () => undefined, passwords: () => PASSWORDS };
  for (const _ of new PasswordTries(out, [], '', () => processorMs).candidates()) {
    tried += 1;
    if (tried === MIN_PASSWORD_TRIES) ({ clockMs, processorMs } = spent);
  }
  return tried;
}

describe('the time for passwords', () => {
  it('is what the thread has of the processor', () => {
    assert.equal(triedAfter({ clockMs: 0, processorMs: MAX_PASSWORD_MS - 1 }), PASSWORDS.length);
    assert.equal(triedAfter({ clockMs: 0, processorMs: MAX_PASSWORD_MS }), MIN_PASSWORD_TRIES);
  });

  it('is some more by the clock, for the work of others on the machine', () => {
    assert.equal(triedAfter({ clockMs: MAX_PASSWORD_WAIT_MS - 1, processorMs: 0 }), PASSWORDS.length);
    assert.equal(triedAfter({ clockMs: MAX_PASSWORD_WAIT_MS, processorMs: 0 }), MIN_PASSWORD_TRIES);
  });
});
