import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wideStrings } from './wide-strings.ts';

function among(text: string, lead = 5): string | undefined {
  const bytes = Buffer.concat([Buffer.alloc(lead, 1), Buffer.from(text, 'utf16le'), Buffer.alloc(4, 0xee)]);
  return wideStrings(bytes)?.toString();
}

describe('text of two bytes a character', () => {
  it('is found at even and odd places', () => {
    assert.equal(among('harmless', 5), 'harmless\n');
    assert.equal(among('harmless', 6), 'harmless\n');
  });

  it('has six characters or more', () => {
    assert.equal(among('sixsix'), 'sixsix\n');
    assert.equal(among('fiveo'), undefined);
  });

  it('is found behind as many short ones as there can be', () => {
    const short = Buffer.concat([Buffer.from('sixsix', 'utf16le'), Buffer.of(1)]);
    const last = Buffer.from('behind all of them', 'utf16le');
    const bytes = Buffer.concat([...Array.from({ length: 1000 }, () => short), last]);
    assert.equal(wideStrings(bytes)?.toString(), `${'sixsix\n'.repeat(1000)}behind all of them\n`);
  });

  it('is none in zeros', () => {
    assert.equal(wideStrings(Buffer.alloc(1000)), undefined);
  });
});
