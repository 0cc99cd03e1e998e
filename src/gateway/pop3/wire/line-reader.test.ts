import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { LineReader } from './line-reader.ts';

const LIMIT = 8;

/** Lines until the first fault, reading the input in the given pieces. */
function readAll(pieces: readonly Buffer[]): string[] {
  const reader = new LineReader(LIMIT);
  const seen: string[] = [];
  for (let rest of pieces) {
    while (rest.length > 0) {
      const read = reader.read(rest, () => LIMIT);
      if (read.kind === 'bad') {
        return [...seen, read.what];
      }
      if (read.kind === 'partial') {
        break;
      }
      seen.push(`=${read.bytes.toString('latin1')}`);
      rest = rest.subarray(read.consumed);
    }
  }
  return seen;
}

describe('line reader', () => {
  it('cuts lines at CRLF', () => {
    assert.deepEqual(readAll([Buffer.from('a\r\n\r\nbc\r\nd')]), ['=a', '=', '=bc']);
  });
  it('takes a line at the limit and refuses one over', () => {
    assert.deepEqual(readAll([Buffer.from('123456\r\n')]), ['=123456']);
    assert.deepEqual(readAll([Buffer.from('1234567\r\n')]), ['line-too-long']);
    assert.deepEqual(readAll([Buffer.from('12345678')]), []);
    assert.deepEqual(readAll([Buffer.from('123456789')]), ['line-too-long']);
  });
  it('refuses bare CR, bare LF and NUL', () => {
    assert.deepEqual(readAll([Buffer.from('a\nb\r\n')]), ['bare-line-end']);
    assert.deepEqual(readAll([Buffer.from('a\rb\r\n')]), ['bare-line-end']);
    assert.deepEqual(readAll([Buffer.from('a\r\r\n')]), ['bare-line-end']);
    assert.deepEqual(readAll([Buffer.from('a\0b\r\n')]), ['nul']);
  });
  it('sees the same however the bytes are cut', () => {
    const octet = fc.constantFrom(0x00, 0x0a, 0x0d, 0x61, 0x61, 0x61, 0x62);
    fc.assert(
      fc.property(fc.array(octet, { maxLength: 24 }), fc.nat(24), fc.nat(24), (octets, one, other) => {
        const bytes = Buffer.from(octets);
        const [low, high] = one < other ? [one, other] : [other, one];
        const whole = readAll([bytes]);
        const thirds = [bytes.subarray(0, low), bytes.subarray(low, high), bytes.subarray(high)];
        assert.deepEqual(readAll(thirds), whole);
        assert.deepEqual(readAll(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))), whole);
      }),
      { numRuns: 2000 },
    );
  });
  it('does not keep a view of what it was lent', () => {
    const reader = new LineReader(LIMIT);
    const lent = Buffer.from('ab');
    reader.read(lent, () => LIMIT);
    lent.fill(0);
    const read = reader.read(Buffer.from('\r\n'), () => LIMIT);
    assert.ok(read.kind === 'line' && read.bytes.equals(Buffer.from('ab')));
  });
});
