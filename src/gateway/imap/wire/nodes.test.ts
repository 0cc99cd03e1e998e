import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  isUnambiguous,
  type Node,
  quote,
  readNodes,
  readQuoted,
  sectionEnd,
  textOf,
  type UnitPart,
} from './nodes.ts';

const LIMITS = { maxDepth: 3, maxNodes: 6 };

function shown(node: Node): string {
  if (node.kind === 'list') {
    return `(${node.nodes.map(shown).join(' ')})`;
  }
  return node.kind === 'atom'
    ? node.text
    : `${node.binary ? '~' : ''}${node.literal ? 'L' : 'Q'}<${node.value}>`;
}

function read(...parts: readonly UnitPart[]): string {
  return readNodes(parts, LIMITS).map(shown).join(' ');
}

function faultOf(...parts: readonly UnitPart[]): string {
  try {
    return read(...parts);
  } catch (error) {
    assert.ok(error instanceof Error && 'fault' in error);
    return String(error.fault);
  }
}

describe('readNodes', () => {
  it('reads atoms, strings, literals and lists', () => {
    assert.equal(read('a "b c" (d ("e"))'), 'a Q<b c> (d (Q<e>))');
    assert.equal(
      read('x ', { literal: 'a\r\nb', binary: false }, ' ', { literal: '\0', binary: true }),
      'x L<a\r\nb> ~L<\0>',
    );
    assert.equal(read('[Gmail]/x a[b'), '[Gmail]/x a[b');
    assert.equal(read(''), '');
  });

  it('wants a space between values', () => {
    for (const text of ['a"b"', '"a"b', '"a"(b)', '(a)(b)', '(a)b']) {
      assert.match(faultOf(text), /^(syntax|quote)$/, text);
    }
    assert.equal(faultOf('a', { literal: 'x', binary: false }), 'syntax');
  });

  it('lets lists touch where the grammar does', () => {
    const limits = { ...LIMITS, maxNodes: 10, adjacentLists: true };
    assert.equal(readNodes(['((a)(b) "c")'], limits).map(shown).join(' '), '((a) (b) Q<c>)');
    assert.throws(() => readNodes(['("a"(b))'], limits));
  });

  it('refuses what does not close', () => {
    assert.equal(faultOf('(a'), 'parenthesis');
    assert.equal(faultOf('a)'), 'parenthesis');
    assert.equal(faultOf('"a'), 'quote');
    assert.equal(faultOf('"a\\'), 'quote');
  });

  it('refuses a backslash before an ordinary character', () => {
    assert.equal(read('"a\\"b\\\\"'), 'Q<a"b\\>');
    assert.equal(faultOf('"a\\b"'), 'quote');
    assert.deepEqual(readQuoted('"a\\b"', 0, true), { value: 'ab', end: 5 });
  });

  it('takes the largest depth and number, and refuses one more', () => {
    assert.equal(read('(((a)))'), '(((a)))');
    assert.equal(faultOf('((((a))))'), 'parenthesis');
    assert.equal(read('a b c d e f'), 'a b c d e f');
    assert.equal(faultOf('a b c d e f g'), 'syntax');
  });
});

describe('text of responses', () => {
  it('is unambiguous when quotes close and no brace stands outside of them', () => {
    for (const text of ['', 'a', '"{5}"', '"a\\"{"', '"\\\\" x']) {
      assert.equal(isUnambiguous(text), true, text);
    }
    for (const text of ['"', '"a', '"a\\"', '{5}', '"a" {', 'x{']) {
      assert.equal(isUnambiguous(text), false, text);
    }
  });

  it('ends a section at its bracket, not at one within quotes', () => {
    assert.equal(sectionEnd('[TEXT]<0>', 0), 6);
    assert.equal(sectionEnd('[HEADER.FIELDS ("a]b")]', 0), 23);
    assert.equal(sectionEnd('[HEADER.FIELDS (', 0), undefined);
  });

  it('quotes what may be quoted', () => {
    assert.equal(quote('a"b\\'), '"a\\"b\\\\"');
    assert.equal(quote(''), '""');
    for (const text of ['\r', '\n', '\0', '\x80']) {
      assert.equal(quote(text), undefined);
    }
  });

  it('has the text of atoms and strings, and none of lists', () => {
    assert.deepEqual(readNodes(['a "b" (c)'], LIMITS).map(textOf), ['a', 'b', '']);
    assert.equal(textOf(undefined), '');
  });
});
