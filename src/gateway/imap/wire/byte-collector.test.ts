import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteCollector } from './byte-collector.ts';

describe('ByteCollector', () => {
  it('joins pieces of any size and begins anew', () => {
    const collector = new ByteCollector();
    const all = Buffer.alloc(5_000, 'abc');
    for (const byte of all) {
      collector.add(Buffer.of(byte));
    }
    assert.equal(collector.length, 5_000);
    assert.ok(collector.take().equals(all));
    assert.equal(collector.length, 0);
    collector.add(Buffer.from('x'));
    assert.equal(collector.take().toString(), 'x');
  });

  it('keeps nothing of what it was lent', () => {
    const collector = new ByteCollector();
    const lent = Buffer.from('good');
    collector.add(lent);
    lent.fill('!');
    assert.equal(collector.take().toString(), 'good');
  });
});
