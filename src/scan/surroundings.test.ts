import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quotationOf, surroundingsIn } from './surroundings.ts';

describe('a text that programs only show', () => {
  it('is one by its type, and by its names where it has any', () => {
    assert.equal(quotationOf({ type: 'text/plain' }), 'text');
    assert.equal(quotationOf({ type: 'text/plain', name: 'a.log' }), 'text');
    assert.equal(quotationOf({ type: 'text/plain', name: 'a.html' }), undefined);
    assert.equal(quotationOf({ type: 'text/plain', name: 'a.txt', otherNames: ['a.js'] }), undefined);
    assert.equal(quotationOf({ type: 'text/html', name: 'a.txt' }), undefined);
    assert.equal(quotationOf({ type: 'text/html' }), undefined);
    assert.equal(quotationOf({}), undefined);
  });

  it('is the source of a program by its type or name', () => {
    assert.equal(quotationOf({ type: 'text/x-python' }), 'source');
    assert.equal(quotationOf({ name: 'test_a.py' }), 'source');
    assert.equal(quotationOf({ type: 'application/octet-stream', name: 'a.py' }), 'source');
  });

  it('hands on what it is to guesses at its lines, and is none inside of another spelling', () => {
    const piece = { path: '1', bytes: Buffer.alloc(0), depth: 0, type: 'text/plain' };
    assert.equal(surroundingsIn({ piece, isSpelled: false }, 'script-text').quotedIn, 'text');
    assert.equal(surroundingsIn({ piece, isSpelled: false }, 'uuencode').quotedIn, undefined);
    assert.equal(surroundingsIn({ piece, isSpelled: true }, 'script-text').quotedIn, undefined);
    assert.equal(surroundingsIn({ piece, isSpelled: true, quotedIn: 'text' }, 'zip').quotedIn, 'text');
  });
});
