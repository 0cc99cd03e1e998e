import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readFetchRequest } from './fetch-request.ts';

function list(count: number) {
  return `1 (${Array.from({ length: count }, () => 'UID').join(' ')})`;
}

describe('readFetchRequest', () => {
  it('reads set, items and modifiers', () => {
    const request = readFetchRequest(['1:5,7 (FLAGS BODY[]<0.5>) (CHANGEDSINCE 5 VANISHED)']);
    assert.equal(request.set, '1:5,7');
    assert.equal(request.single, undefined);
    assert.deepEqual(
      request.items.map(({ text }) => text),
      ['FLAGS', 'BODY[]<0.5>'],
    );
    assert.equal(request.modifiers, '(CHANGEDSINCE 5 VANISHED)');
    assert.equal(request.isList, true);
  });

  it('knows the one message of a set', () => {
    assert.equal(readFetchRequest(['7 FLAGS']).single, 7);
    for (const set of ['*', '$', '1:2', '7,8', '7:7']) {
      assert.equal(readFetchRequest([`${set} FLAGS`]).single, undefined, set);
    }
  });

  it('takes macros for metadata', () => {
    for (const macro of ['ALL', 'fast', 'FULL']) {
      assert.equal(readFetchRequest([`1 ${macro}`]).items[0]?.class, 'metadata');
    }
    assert.equal(readFetchRequest(['1 (ALL)']).items[0]?.class, 'unknown');
  });

  it('turns literal header names into quoted ones', () => {
    const parts = ['1 BODY[HEADER.FIELDS (', { literal: 'Sub"ject', binary: false }, ')]'];
    assert.equal(readFetchRequest(parts).items[0]?.text, 'BODY[HEADER.FIELDS ("Sub\\"ject")]');
    assert.throws(() =>
      readFetchRequest(['1 BODY[HEADER.FIELDS (', { literal: '\xe9', binary: false }, ')]']),
    );
  });

  it('refuses what is malformed', () => {
    const bad = ['', '1', '1 ', 'x FLAGS', '1: FLAGS', '1 ()', '1 (FLAGS', '1 (FLAGS,UID)', '1 FLAGS x'];
    for (const text of [...bad, '1 FLAGS (x"y)', '1 BODY[]<5>', '1 BODY[]<5.0>', '12345678901 FLAGS']) {
      assert.throws(() => readFetchRequest([text]), text);
    }
  });

  it('takes 500 items and refuses one more', () => {
    assert.equal(readFetchRequest([list(500)]).items.length, 500);
    assert.throws(() => readFetchRequest([list(501)]));
  });
});
