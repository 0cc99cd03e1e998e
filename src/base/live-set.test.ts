import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LiveSet } from './live-set.ts';

const members = (count: number): { readonly name: number }[] =>
  Array.from({ length: count }, (_, name) => ({ name }));

describe('what lives at present', () => {
  it('has what was added and not what was removed', () => {
    const live = new LiveSet<{ readonly name: number }>();
    const [first, second, third] = members(3);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const [, place = -1] = [first, second, third].map((member) => live.add(member));
    live.remove(place, second);
    assert.deepEqual([live.size, [...live]], [2, [first, third]]);
  });

  it('uses a place again, so that it is never larger than what lived at once', () => {
    const live = new LiveSet<{ readonly name: number }>();
    const places = new Set<number>();
    for (const member of members(1_000)) {
      const place = live.add(member);
      places.add(place);
      live.remove(place, member);
    }
    assert.deepEqual([live.size, places.size], [0, 1]);
  });

  it('leaves whoever has the place now when a member is removed twice', () => {
    const live = new LiveSet<{ readonly name: number }>();
    const [gone, next] = members(2);
    assert.ok(gone !== undefined && next !== undefined);
    const place = live.add(gone);
    live.remove(place, gone);
    assert.equal(live.add(next), place);
    live.remove(place, gone);
    assert.deepEqual([...live], [next]);
  });

  it('goes on when members leave while it is read', () => {
    const live = new LiveSet<{ readonly name: number }>();
    const all = members(4);
    const places = all.map((member) => live.add(member));
    const seen: number[] = [];
    for (const { name } of live) {
      seen.push(name);
      if (name === 0) all.slice(0, 2).forEach((member, index) => live.remove(places[index] ?? -1, member));
    }
    assert.deepEqual(seen, [0, 2, 3]);
  });
});
