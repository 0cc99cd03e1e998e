import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { Guilt, GuiltyRange, Patch, RangeEncoding } from '../scanner.ts';
import { topHeaderEnd } from './header-end.ts';
import { neutralise } from './neutralise.ts';
import { safeNotice } from './notice-text.ts';

const NOTICE = 'Postern removed this part: rule EICAR. Ask your administrator.';

function apply(message: Uint8Array, patches: readonly Patch[]): Buffer {
  const out = Buffer.from(message);
  for (const patch of patches) {
    out.set(patch.bytes, patch.offset);
  }
  return out;
}

function neutralised(message: Uint8Array, guilt: Guilt, notice = NOTICE): Buffer {
  return apply(message, neutralise(message, guilt, notice));
}

function leaf(message: string, encoded: string, encoding: RangeEncoding): GuiltyRange {
  const start = message.indexOf(encoded);
  return { start, end: start + encoded.length, encoding };
}

function wrap(text: string, width: number, newline: string): string {
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += width) {
    lines.push(text.slice(at, at + width));
  }
  return lines.join(newline);
}

/** What stays of a byte when its content is replaced by another: structure only. */
function replaceable(byte: number, encoding: RangeEncoding): number {
  const isBreak = byte === 13 || byte === 10;
  const isBlank = byte === 0x20 || byte === 0x09;
  return isBreak || isBlank || (encoding !== 'identity' && byte === 0x3d) ? byte : 0x7a;
}

/** What the overlay of the whole body would cover. */
function body(text: string): string {
  return text.slice(topHeaderEnd(Buffer.from(text, 'latin1')));
}

/** Bytes that structure is made of: random bytes alone would hardly ever contain them. */
const hostileBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '=',
        '=\r\n',
        '= \r\n',
        '=41',
        '=4',
        '--',
        'From ',
        '.',
        ' ',
        '\t',
        'QUJD',
      ),
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'));
const encodings = fc.constantFrom<RangeEncoding>('base64', 'quoted-printable', 'identity');
const notices = fc.oneof(
  fc.constant(NOTICE),
  fc.string({ maxLength: 80 }),
  fc.constant('From me -- . = \n x'),
);

const anyGuilt: fc.Arbitrary<Guilt> = fc.oneof(
  fc.constant<Guilt>({ kind: 'body' }),
  fc
    .array(
      fc.record({
        start: fc.integer({ min: -5, max: 200 }),
        end: fc.integer({ min: -5, max: 200 }),
        encoding: encodings,
      }),
      { maxLength: 4 },
    )
    .map((ranges): Guilt => ({ kind: 'ranges', ranges })),
);

describe('neutralise: what never changes', () => {
  it('keeps the length, every CR and LF, and everything outside sorted disjoint patches', () => {
    fc.assert(
      fc.property(hostileBytes, anyGuilt, notices, (message, guilt, notice) => {
        const patches = neutralise(message, guilt, notice);
        let last = 0;
        for (const patch of patches) {
          assert.ok(patch.offset >= last && patch.bytes.length > 0);
          last = patch.offset + patch.bytes.length;
        }
        assert.ok(last <= message.length);
        const out = apply(message, patches);
        for (const [i, byte] of message.entries()) {
          const isBreak = byte === 13 || byte === 10;
          const wasBreak = out[i] === 13 || out[i] === 10;
          assert.equal(wasBreak, isBreak);
          assert.ok(!isBreak || out[i] === byte);
        }
      }),
    );
  });

  it('keeps every `=` of a base64 range in place', () => {
    fc.assert(
      fc.property(hostileBytes, notices, (message, notice) => {
        const range: GuiltyRange = { start: 0, end: message.length, encoding: 'base64' };
        const out = neutralised(message, { kind: 'ranges', ranges: [range] }, notice);
        for (const [i, byte] of message.entries()) {
          assert.equal(out[i] === 0x3d, byte === 0x3d);
        }
      }),
    );
  });

  it('lets no byte survive that is not structure: other content, same structure, same result', () => {
    const plain = hostileBytes.map((bytes) =>
      // replaced, not removed: what stands around an escape must not become one
      Buffer.from(bytes.toString('latin1').replace(/=[0-9a-fA-F]{2}/g, 'zzz')),
    );
    fc.assert(
      fc.property(plain, encodings, (message, encoding) => {
        const range: GuiltyRange = { start: 0, end: message.length, encoding };
        const other = Buffer.from(message.map((byte) => replaceable(byte, encoding)));
        const guilt: Guilt = { kind: 'ranges', ranges: [range] };
        assert.deepEqual(neutralised(message, guilt), neutralised(other, guilt));
      }),
    );
  });

  it('starts no line with `From `, `--` or `.`, and ends none with a blank', () => {
    fc.assert(
      fc.property(hostileBytes, encodings, notices, (body, encoding, notice) => {
        const message = Buffer.from(body.toString('latin1').replaceAll(/= +/g, '='), 'latin1');
        const range: GuiltyRange = { start: 0, end: message.length, encoding };
        const text = neutralised(message, { kind: 'ranges', ranges: [range] }, notice).toString('latin1');
        for (const line of text.split(/\r\n|\r|\n/)) {
          assert.doesNotMatch(line, /^(?:From |--|\.)|[ \t]$/);
        }
      }),
    );
  });
});

describe('neutralise: base64', () => {
  it('keeps the decoded size of well-formed input and decodes to the notice, padded with #', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.constantFrom(4, 60, 76),
        fc.constantFrom('\r\n', '\n'),
        (content, width, newline) => {
          const encoded = wrap(Buffer.from(content).toString('base64'), width, newline);
          const message = Buffer.from(`A: b\r\n\r\n${encoded}\r\n`);
          const range: GuiltyRange = { start: 8, end: 8 + encoded.length, encoding: 'base64' };
          const out = neutralised(message, { kind: 'ranges', ranges: [range] });
          const decoded = Buffer.from(out.toString('latin1', 8), 'base64').toString('latin1');
          assert.equal(decoded.length, content.length);
          assert.equal(decoded, safeNotice(NOTICE).padEnd(content.length, '#').slice(0, content.length));
        },
      ),
    );
  });

  it('stays readable for a decoder that starts anew after each inner padding', () => {
    const encoded = 'UE8=U1Q=RVI=Ti1URVNU';
    const message = Buffer.from(`A: b\r\n\r\n${encoded}`);
    const range = leaf(message.toString(), encoded, 'base64');
    const out = neutralised(message, { kind: 'ranges', ranges: [range] }).toString('latin1', 8);
    const groups = out.match(/[^=]+=*/g) ?? [];
    const text = groups.map((group) => Buffer.from(group, 'base64').toString('latin1')).join('');
    assert.equal(text, NOTICE.slice(0, 12));
  });

  it('writes over illegal characters too', () => {
    const message = Buffer.from('A: b\r\n\r\nUE9T.VE#V S\r\nTi1U\0RVNU');
    const out = neutralised(message, {
      kind: 'ranges',
      ranges: [{ start: 8, end: message.length, encoding: 'base64' }],
    });
    assert.match(out.toString('latin1', 8), /^[A-Za-z0-9+/]+\r\n[A-Za-z0-9+/]+$/);
  });
});

describe('neutralise: quoted-printable and identity', () => {
  it('keeps soft breaks, also with blanks before the line end, and turns =HH into another =HH', () => {
    const encoded = 'a=3Db=\r\nc=20x= \r\nend=e9';
    const message = Buffer.from(`A: b\r\n\r\n${encoded}\r\n`);
    const range = leaf(message.toString(), encoded, 'quoted-printable');
    const out = neutralised(message, { kind: 'ranges', ranges: [range] }, 'notice text, long enough');
    assert.equal(out.toString('latin1', 8), 'n=6Ft=\r\ni=63e= \r\n#te=78\r\n');
  });

  it('overwrites an `=` that is neither', () => {
    const encoded = 'x=zz==q=4';
    const message = Buffer.from(`A: b\r\n\r\n${encoded}\r\n`);
    const range = leaf(message.toString(), encoded, 'quoted-printable');
    const out = neutralised(message, { kind: 'ranges', ranges: [range] }, 'abcdefghijkl');
    assert.equal(out.toString('latin1', 8), 'abcdefghi\r\n');
  });

  it('writes the notice once over plain text and then #', () => {
    const message = Buffer.from('A: b\r\n\r\nsome text that is\r\nlonger than it\r\n');
    const out = neutralised(
      message,
      {
        kind: 'ranges',
        ranges: [{ start: 8, end: message.length, encoding: 'identity' }],
      },
      'Removed here.',
    );
    assert.equal(out.toString('latin1', 8), 'Removed here.####\r\n##############\r\n');
  });

  it('joins readings that overlap into one plain overlay', () => {
    const message = Buffer.from('A: b\r\n\r\nUE9TVEVSTi1URVNU\r\nrest');
    const patches = neutralise(
      message,
      {
        kind: 'ranges',
        ranges: [
          { start: 8, end: 24, encoding: 'base64' },
          { start: 8, end: 30, encoding: 'identity' },
        ],
      },
      NOTICE,
    );
    assert.equal(patches.length, 1);
    assert.equal(
      apply(message, patches).toString('latin1', 8),
      'Postern removed \r\nthis'.replace('d \r', 'd#\r'),
    );
  });
});

describe('neutralise: the whole body', () => {
  it('starts after the first empty line', () => {
    assert.equal(body('A: b\r\nC: d\r\n e\r\n\r\nbody'), '\r\nbody');
    assert.equal(body('A: b\nC: d\n\nbody'), '\nbody');
    assert.equal(body('From a@b Mon Jan 1\nA: b\n\nbody'), '\nbody');
  });

  it('starts wherever the most impatient client would start to read', () => {
    assert.equal(body('A: b\r\n\r\r\nbody'), '\r\r\nbody'.slice(0));
    assert.equal(body('A: b\r\nhello world\r\nC: d\r\n\r\nbody'), 'hello world\r\nC: d\r\n\r\nbody');
    assert.equal(body('A: b\r\n \t\r\nUE9T'), 'UE9T');
    assert.equal(body('A: b\r\rbody'), '\rbody');
    assert.equal(body('A: b\r\n\0\r\nbody'), '\0\r\nbody');
    assert.equal(body('UE9TVEVSTi1URVNU'), 'UE9TVEVSTi1URVNU');
    assert.equal(body(' UE9TVEVSTi1URVNU'), ' UE9TVEVSTi1URVNU');
    assert.equal(body('\r\nA: b\r\n\r\nbody'), '\r\nA: b\r\n\r\nbody');
  });

  it('overwrites boundaries too, and leaves a message alone that is nothing but a header', () => {
    const message = Buffer.from('A: b\r\n\r\n--x\r\nContent-Type: a/b\r\n\r\nEVIL\r\n--x--\r\n');
    const out = neutralised(message, { kind: 'body' }, 'gone').toString('latin1');
    assert.equal(out, `A: b\r\n\r\ngon\r\n${'e'.padEnd(17, '#')}\r\n\r\n####\r\n#####\r\n`);
    assert.deepEqual(neutralise(Buffer.from('A: b\r\nC: d'), { kind: 'body' }, NOTICE), []);
  });
});

it('leaves the message itself alone, also when it is a Buffer over shared memory, whose slice is a view', () => {
  const text = 'Subject: x\r\n\r\nguilty body\r\n';
  const shared = Buffer.from(new SharedArrayBuffer(text.length));
  shared.write(text, 'latin1');
  neutralise(shared, { kind: 'body' }, NOTICE);
  assert.equal(shared.toString('latin1'), text);
});
