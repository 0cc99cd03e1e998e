import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  FORGIVEN_BY_RULES_MS,
  FORGIVEN_MS,
  isRefused,
  LOST_MS,
  MAX_SUSPECTS,
  STRIKES,
  type Suspect,
  suspectsAfter,
} from './suspects.ts';

const NOW = 1_700_000_000_000;
const TERMS = { settings: 's'.repeat(16), rules: 'r'.repeat(16) };
const scan = (sha256: string, begunAt = NOW) => ({ sha256, ...TERMS, begunAt });
const suspect = (sha256: string, strikes: number, at = NOW): Suspect => ({ sha256, ...TERMS, strikes, at });
const strikesOf = (suspects: readonly Suspect[]) => suspects.map(({ sha256, strikes }) => [sha256, strikes]);

describe('suspects', () => {
  it('are refused from the second strike on, not after one', () => {
    assert.equal(isRefused(suspect('a', STRIKES - 1), TERMS, NOW), false);
    assert.equal(isRefused(suspect('a', STRIKES), TERMS, NOW), true);
  });

  it('get one try more under other code or settings', () => {
    assert.equal(isRefused(suspect('a', STRIKES), { ...TERMS, settings: 'other' }, NOW), false);
  });

  it('get one try more after seven days, and not before', () => {
    const at = NOW - FORGIVEN_MS;
    assert.equal(isRefused(suspect('a', STRIKES, at + 1), TERMS, NOW), true);
    assert.equal(isRefused(suspect('a', STRIKES, at), TERMS, NOW), false);
  });

  it('get one try more under other rules after a day, and not before', () => {
    const terms = { ...TERMS, rules: 'other' };
    const at = NOW - FORGIVEN_BY_RULES_MS;
    assert.equal(isRefused(suspect('a', STRIKES, at + 1), terms, NOW), true);
    assert.equal(isRefused(suspect('a', STRIKES, at), terms, NOW), false);
    assert.equal(isRefused(suspect('a', STRIKES, at), TERMS, NOW), true, 'the rules are the same');
  });

  it('have one strike for each end of the process, however many threads scanned them', () => {
    const first = suspectsAfter(
      { left: [scan('a'), scan('a'), scan('b')], suspects: [] },
      TERMS.settings,
      NOW,
    );
    assert.deepEqual(strikesOf(first), [
      ['a', 1],
      ['b', 1],
    ]);
    const second = suspectsAfter({ left: [scan('a')], suspects: first }, TERMS.settings, NOW);
    assert.deepEqual(strikesOf(second), [
      ['a', 2],
      ['b', 1],
    ]);
  });

  it('are none that were lost with their thread long before the process ended', () => {
    const left = [scan('slow', NOW - LOST_MS + 1), scan('lost', NOW - LOST_MS), scan('last')];
    const after = suspectsAfter({ left, suspects: [] }, TERMS.settings, NOW + 3 * LOST_MS);
    assert.deepEqual(strikesOf(after), [
      ['slow', 1],
      ['last', 1],
    ]);
  });

  it('that end the process in the try that they were given are refused again', () => {
    const old = suspect('a', STRIKES, NOW - FORGIVEN_MS);
    const [again] = suspectsAfter({ left: [scan('a')], suspects: [old] }, TERMS.settings, NOW);
    assert.ok(again !== undefined && isRefused(again, TERMS, NOW));
  });

  it('with no strike left are forgotten', () => {
    const kept = [suspect('old', 1, NOW - FORGIVEN_MS), suspect('new', 1, NOW - FORGIVEN_MS + 1)];
    assert.deepEqual(strikesOf(suspectsAfter({ left: [], suspects: kept }, TERMS.settings, NOW)), [
      ['new', 1],
    ]);
    assert.deepEqual(suspectsAfter({ left: [], suspects: kept }, 'other settings', NOW), []);
  });

  it('are as many as their limit; of one more the oldest is forgotten', () => {
    const many = Array.from({ length: MAX_SUSPECTS }, (_, index) => suspect(`m${index}`, 1, NOW - index));
    assert.equal(suspectsAfter({ left: [], suspects: many }, TERMS.settings, NOW).length, MAX_SUSPECTS);
    const after = suspectsAfter({ left: [scan('new')], suspects: many }, TERMS.settings, NOW);
    assert.equal(after.length, MAX_SUSPECTS);
    assert.equal(after[0]?.sha256, 'new');
    assert.ok(!after.some(({ sha256 }) => sha256 === `m${MAX_SUSPECTS - 1}`));
  });
});
