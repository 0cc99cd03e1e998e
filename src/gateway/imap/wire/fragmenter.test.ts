import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChunkings } from '../../../../test/wire/chunkings.ts';
import { Fragmenter, type FragmenterOptions } from './fragmenter.ts';

const OPTIONS: FragmenterOptions = {
  maxLineBytes: 40,
  maxLiteralBytes: 1_000,
  from: 'upstream',
  mayAnnounce: () => true,
};

/** Everything that was pushed, as one readable text: `|` ends a line, `{n}` announces, `<…>` are octets. */
function read(
  input: string,
  cut: (bytes: Buffer) => Buffer[],
  options: Partial<FragmenterOptions> = {},
): string {
  const fragmenter = new Fragmenter({ ...OPTIONS, ...options });
  let out = '';
  for (const chunk of cut(Buffer.from(input, 'latin1'))) {
    fragmenter.push(chunk);
    for (let next = fragmenter.next(); next !== undefined; next = fragmenter.next()) {
      if (next.kind === 'octets') {
        out += Buffer.from(next.bytes).toString('latin1') + (next.last ? '>' : '');
      } else {
        const { literal } = next;
        const mark = `${literal?.binary === true ? '~' : ''}{${literal?.size}${literal?.nonSync === true ? '+' : ''}}<`;
        out += `${next.text}${literal === undefined ? '|' : mark}`;
      }
    }
  }
  return out;
}

function whole(bytes: Buffer): Buffer[] {
  return [bytes];
}

function faultOf(input: string, options: Partial<FragmenterOptions> = {}): string {
  try {
    return read(input, whole, options);
  } catch (error) {
    assert.ok(error instanceof Error && 'fault' in error);
    return String(error.fault);
  }
}

describe('Fragmenter', () => {
  it('finds lines and literals, however the bytes are cut', () => {
    const input = 'a b\r\nc {3}\r\nx\r\n d ({0}\r\n) ~{2}\r\n\0\0\r\nend\r\n';
    for (const { name, cut } of createChunkings()) {
      assert.equal(read(input, cut), 'a b|c {3}<x\r\n> d ({0}<>) ~{2}<\0\0>|end|', name);
    }
  });

  it('takes a line of the largest size and refuses one byte more, also when it never ends', () => {
    assert.equal(read(`${'x'.repeat(38)}\r\n`, whole), `${'x'.repeat(38)}|`);
    assert.equal(faultOf(`${'x'.repeat(39)}\r\n`), 'line-too-long');
    assert.equal(read('x'.repeat(40), whole), '');
    assert.equal(faultOf('x'.repeat(41)), 'line-too-long');
  });

  it('counts the text of a unit over its literals, and begins anew with the next', () => {
    assert.equal(faultOf(`${'x'.repeat(17)} {1}\r\nb${'y'.repeat(17)}\r\n`), 'line-too-long');
    assert.equal(
      read(`${'x'.repeat(30)}\r\n${'y'.repeat(30)}\r\n`, whole),
      `${'x'.repeat(30)}|${'y'.repeat(30)}|`,
    );
  });

  it('takes the largest literal and refuses one byte more before it comes', () => {
    assert.equal(read('a {1000}\r\n', whole), 'a {1000}<');
    assert.equal(faultOf('a {1001}\r\n'), 'literal-too-large');
    assert.equal(faultOf('a {99999999999999999999}\r\n'), 'literal-too-large');
  });

  it('refuses bare CR, bare LF and NUL outside of literals', () => {
    assert.equal(faultOf('a\n'), 'bare-lf');
    assert.equal(faultOf('\n'), 'bare-lf');
    assert.equal(faultOf('a\rb\r\n'), 'bare-cr');
    assert.equal(faultOf('a\0b\r\n'), 'nul');
  });

  it('lets only clients send literals without a wait', () => {
    assert.equal(faultOf('a {5+}\r\n'), 'literal-syntax');
    assert.equal(read('a {5+}\r\n', whole, { from: 'client' }), 'a {5+}<');
    assert.equal(faultOf('a {5-}\r\n', { from: 'client' }), 'literal-syntax');
  });

  it('refuses what only some readers take for a literal', () => {
    for (const header of ['a{5}', 'a {}', 'a { 5}', 'a {+5}', `a {${'0'.repeat(21)}}`]) {
      assert.equal(faultOf(`${header}\r\n`), 'literal-syntax', header);
    }
    assert.equal(read('a {x}\r\n', whole), 'a {x}|');
  });

  it('announces nothing where free text stands', () => {
    assert.equal(read('* OK {5}\r\n', whole, { mayAnnounce: () => false }), '* OK {5}|');
  });

  it('knows what is left over and what was refused', () => {
    const fragmenter = new Fragmenter({ ...OPTIONS, from: 'client' });
    fragmenter.push(Buffer.from('a {5}\r\n'));
    fragmenter.next();
    fragmenter.refuseLiteral();
    assert.equal(fragmenter.hasLeftover, false);
    fragmenter.push(Buffer.from('b\r\nc'));
    assert.deepEqual(fragmenter.next(), { kind: 'line', text: 'b', literal: undefined });
    assert.equal(fragmenter.next(), undefined);
    assert.equal(fragmenter.hasLeftover, true);
  });
});
