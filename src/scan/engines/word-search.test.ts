import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../../test/corpus/seeded.ts';
import { PART_BYTES } from '../place-sieve.ts';
import { MIN_WORD_BYTES, type Word } from './pattern-words.ts';
import { WordSearch } from './word-search.ts';

function word(text: string, isFolded = false): Word {
  return { bytes: Buffer.from(text, 'latin1'), isFolded };
}

const LONG = 'a word of many bytes';
const WORDS = [word('letters'), word('l\0e\0t\0t\0'), word('\u00ff\u00fe\u0080\0\0\0\u0001'), word(LONG)];
const search = new WordSearch(WORDS);

describe('a search for words', () => {
  it('finds each where one part of a content ends', () => {
    for (const { bytes } of WORDS) {
      for (let place = PART_BYTES - bytes.length - 1; place <= PART_BYTES + 1; place += 1) {
        const whole = Buffer.alloc(PART_BYTES + bytes.length + 20);
        bytes.copy(whole, place);
        assert.equal(search.occursIn(whole), true, `${bytes.toString('latin1')} at ${place}`);
      }
    }
  });

  it('finds each at every place and alignment', () => {
    for (const { bytes } of WORDS) {
      for (let lead = 0; lead < 9; lead += 1) {
        for (let tail = 0; tail < 5; tail += 1) {
          for (let shift = 0; shift < 4; shift += 1) {
            const whole = Buffer.concat([Buffer.alloc(shift + lead), bytes, Buffer.alloc(tail)]);
            assert.equal(search.occursIn(whole.subarray(shift)), true, `${lead} ${tail} ${shift}`);
          }
        }
      }
    }
  });

  it('finds none that is cut off, or stands beside the bytes', () => {
    const whole = Buffer.from('..letters..');
    for (let end = 0; end < whole.length - 2; end += 1) {
      assert.equal(search.occursIn(whole.subarray(0, end)), false, String(end));
    }
    for (let start = 3; start < whole.length; start += 1) {
      assert.equal(search.occursIn(whole.subarray(start)), false, String(start));
    }
    assert.equal(search.occursIn(Buffer.from(`${LONG.slice(0, -1)}.`)), false);
  });

  it('finds letters of either size where that is wanted, and no other signs for them', () => {
    const folded = new WordSearch([word('[le]tters', true)]);
    for (const text of ['[le]tters', '[LE]TTERS', '.[Le]tTeRs.']) {
      assert.equal(folded.occursIn(Buffer.from(text)), true, text);
    }
    for (const text of ['{LE}TTERS', '[LE]TTER\u0013', 'Letters']) {
      assert.equal(folded.occursIn(Buffer.from(text)), false, text);
    }
    assert.equal(search.occursIn(Buffer.from('..LETTERS..')), false);
  });

  it('agrees with a search for each word', () => {
    const random = new Seeded('words');
    const values = Buffer.concat(WORDS.map(({ bytes }) => bytes));
    const parts = ['letters', 'l\0e\0t\0', 'lett', 'ers', '\0', LONG.slice(0, 9), LONG.slice(9)];
    let found = 0;
    for (let round = 0; round < 2_000; round += 1) {
      const noise = Buffer.from(Array.from({ length: random.between(0, 9) }, () => random.pick([...values])));
      const text = Array.from({ length: random.between(0, 5) }, () => random.pick(parts)).join('');
      const bytes = Buffer.concat([noise, Buffer.from(text, 'latin1')]).subarray(random.between(0, 3));
      const expected = WORDS.some((one) => bytes.includes(one.bytes));
      assert.equal(search.occursIn(bytes), expected, bytes.toString('latin1'));
      found += expected ? 1 : 0;
    }
    assert.ok(found > 200 && found < 1_800, String(found));
  });

  it('finds each of thousands of words, of the least length and longer', () => {
    const random = new Seeded('many words');
    const many = Array.from({ length: 5_000 }, (_, index) =>
      word(random.hex(MIN_WORD_BYTES + (index % 9)), index % 2 === 0),
    );
    const wide = new WordSearch(many);
    for (const { bytes, isFolded } of many) {
      const shown = isFolded ? Buffer.from(bytes.toString('latin1').toUpperCase()) : bytes;
      assert.equal(wide.occursIn(Buffer.concat([Buffer.from('....'.slice(bytes.length % 4)), shown])), true);
    }
    assert.equal(wide.occursIn(Buffer.from('the quick brown fox jumps over the lazy dog')), false);
  });

  it('finds words that have most of their bytes in common', () => {
    const sites = Array.from({ length: 40 }, (_, index) => word(`://evil.example/${index}`, index % 2 === 0));
    const addresses = new WordSearch([...sites, word('://EVIL.EXAMPLE/')]);
    for (const { bytes } of sites) {
      assert.equal(addresses.occursIn(Buffer.concat([Buffer.from('http'), bytes])), true);
    }
    assert.equal(addresses.occursIn(Buffer.from('HTTP://EVIL.EXAMPLE/')), true);
    assert.equal(addresses.occursIn(Buffer.from('http://good.example/1')), false);
  });

  it('reads shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(64), 3);
    assert.equal(search.occursIn(shared), false);
    shared.set(Buffer.from('letters'), 10);
    assert.equal(search.occursIn(shared), true);
  });
});
