import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Literals } from './literals.ts';
import { base64Runs } from './text-runs.ts';
import { decodeEntities, hasTellingEntity, stripTags, unfold } from './text-views.ts';

/** What the views are defined by; slow, and a text of the whole. */
const ADDED = /(["'`])\s{0,64}(?:[+&.]\s{0,64}(?:_\s{0,64})?)(["'`])/g;
const LISTED = /(["'`])\s{0,64}[+&.,]\s{0,64}(?:_\s{0,64})?(["'`])/g;

const texts = fc
  .array(
    fc.constantFrom('"', "'", '+', '&', ',', '_', ' ', '\n', '\u00a0', 'a', '"+"', '", "', ' '.repeat(65)),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

/** At every alignment, because words are read. */
function joined(text: string, withCommas: boolean): string {
  const shift = text.length % 5;
  const bytes = Buffer.from('"'.repeat(shift) + text, 'latin1').subarray(shift);
  const literals = new Literals(bytes, 64);
  return ((withCommas ? literals.listed() : literals.added()) ?? bytes).toString('latin1');
}

function of(view: (bytes: Buffer) => Buffer | undefined, text: string): string | undefined {
  return view(Buffer.from(text, 'latin1'))?.toString('latin1');
}

describe('literals in a text', () => {
  it('are joined where signs add them', () => {
    fc.assert(fc.property(texts, (text) => assert.equal(joined(text, false), text.replace(ADDED, ''))));
  });

  it('are joined where they are elements of an array', () => {
    fc.assert(fc.property(texts, (text) => assert.equal(joined(text, true), text.replace(LISTED, ''))));
  });

  it('are joined over so many blanks and not over one more', () => {
    assert.equal(joined(`'a'${' '.repeat(64)}+'b'`, false), "'ab'");
    assert.equal(joined(`'a'${' '.repeat(65)}+'b'`, false), `'a'${' '.repeat(65)}+'b'`);
  });
});

describe('elements of an array that are encoded data together', () => {
  const LEAST = 6;
  const lists = fc
    .array(
      fc.constantFrom('"', "'", '","', '"+"', ',', '+', ' ', '\n', '\n  ', '\\\n', 'abc', 'A', '.', '>'),
      {
        maxLength: 40,
      },
    )
    .map((parts) => Buffer.from(parts.join('')));

  function encoded(bytes: Buffer): number {
    return base64Runs(bytes, LEAST).reduce((sum, { letters }) => sum + letters, 0);
  }

  it('are never held to be none', () => {
    fc.assert(
      fc.property(lists, (bytes) => {
        const literals = new Literals(bytes, LEAST);
        const isData = encoded(literals.listed() ?? bytes) > encoded(literals.added() ?? bytes);
        assert.ok(!isData || literals.mayBeRun(), bytes.toString());
      }),
      { numRuns: 2000 },
    );
  });

  it('are seen where a sign between quotes is the element', () => {
    assert.equal(new Literals(Buffer.from('AAabc","+"'), LEAST).mayBeRun(), true);
  });

  it('are of the shortest length that counts, and none are below', () => {
    assert.equal(new Literals(Buffer.from('x = ["abc", "def"].join'), LEAST).mayBeRun(), true);
    assert.equal(new Literals(Buffer.from('x = ["ab", "def"].join'), LEAST).mayBeRun(), false);
  });
});

describe('a text without its tags', () => {
  it('has what stands between them', () => {
    assert.equal(of(stripTags, 'a<b>c<!-- > -->d</b>e'), 'acde');
  });

  it('ends where a tag or comment is not closed', () => {
    assert.equal(of(stripTags, 'a<b>c<d'), 'ac');
    assert.equal(of(stripTags, 'a<!-- >'), 'a');
  });

  it('is none when there is no tag', () => {
    assert.equal(of(stripTags, 'plain'), undefined);
  });
});

describe('a folded text', () => {
  it('is unfolded at line ends before a blank', () => {
    assert.equal(of(unfold, 'a\r\n b\n\tc\r\nd\n \n e'), 'abc\r\nde');
  });

  it('is none when no line goes on', () => {
    assert.equal(of(unfold, 'a\r\nb\n'), undefined);
  });
});

describe('references to characters', () => {
  it('are read by the names of everything that is printed in ASCII', () => {
    const written =
      '&excl;&num;&dollar;&percnt;&lpar;&rpar;&ast;&plus;&comma;&period;&sol;&colon;&semi;&equals;&quest;&commat;' +
      '&lsqb;&bsol;&rsqb;&Hat;&lowbar;&UnderBar;&grave;&lcub;&verbar;&vert;&rcub;&lbrack;&rbrack;&lbrace;&rbrace;';
    assert.equal(of(decodeEntities, written), '!#$%()*+,./:;=?@[\\]^__`{||}[]{}');
    assert.equal(hasTellingEntity(Buffer.from('a&lowbar;b')), true);
  });

  it('tell nothing where an address has parameters of such names', () => {
    assert.equal(hasTellingEntity(Buffer.from('?a=1&excluded=2&vertical=3&dollar=4')), false);
  });
});
