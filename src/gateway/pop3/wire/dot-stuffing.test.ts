import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { DotStuffer } from './dot-stuffer.ts';
import { DotUnstuffer } from './dot-unstuffer.ts';

type Cut = (bytes: Buffer) => Buffer[];

const whole: Cut = (bytes) => [bytes];
const single: Cut = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

function unstuff(wire: Buffer, cut: Cut): { content: Buffer; rest: Buffer; done: boolean } {
  const unstuffer = new DotUnstuffer();
  const content: Buffer[] = [];
  let used = 0;
  for (const chunk of cut(wire)) {
    for (let rest = chunk; rest.length > 0;) {
      const result = unstuffer.push(rest);
      assert.ok(result.consumed > 0);
      content.push(Buffer.from(result.content));
      used += result.consumed;
      rest = rest.subarray(result.consumed);
      if (result.done) {
        return { content: Buffer.concat(content), rest: wire.subarray(used), done: true };
      }
    }
  }
  return { content: Buffer.concat(content), rest: wire.subarray(used), done: false };
}

function stuff(content: Buffer, cut: Cut): Buffer {
  const stuffer = new DotStuffer();
  return Buffer.concat(cut(content).map((chunk) => Buffer.from(stuffer.encode(chunk))));
}

/** RFC 1939 read literally, to compare with. */
function stuffByTheBook(content: string): string {
  return content.replace(/(?<=^|\r\n)\./gu, '..');
}

const hardOctets = fc.array(fc.constantFrom(0x0d, 0x0a, 0x2e, 0x2e, 0x61), { maxLength: 24 });
const hardContent = hardOctets.map((octets) => Buffer.from([...octets, 0x0d, 0x0a]));
/** The same with runs between them around the sizes at which the fast ways begin and end. */
const longContent = fc
  .array(fc.tuple(hardOctets, fc.constantFrom(0, 1, 254, 255, 256, 257, 1021, 1022, 1023, 1024, 1025)), {
    maxLength: 8,
  })
  .map((runs) =>
    Buffer.concat(runs.flatMap(([hard, plain]) => [Buffer.from(hard), Buffer.alloc(plain, 'a')])),
  )
  .map((content) => Buffer.concat([content, Buffer.from('\r\n')]));
const cuts = fc.constantFrom(whole, single);

describe('dot-stuffing', () => {
  it('is taken off exactly', () => {
    for (const cut of [whole, single]) {
      const { content, rest, done } = unstuff(Buffer.from('..a\r\nb\r\n...\r\n.\r\n+OK next'), cut);
      assert.deepEqual([content.toString(), rest.toString(), done], ['.a\r\nb\r\n..\r\n', '+OK next', true]);
    }
  });
  it('ends only at CRLF dot CRLF', () => {
    for (const wire of ['a\n.\n', 'a\r.\r', 'a\n.\r\n', 'a\r\n.\n', 'a\r\n.\r', 'a\r\n.']) {
      assert.equal(unstuff(Buffer.from(wire), single).done, false, JSON.stringify(wire));
      assert.equal(unstuff(Buffer.from(wire), whole).done, false, JSON.stringify(wire));
    }
    assert.equal(unstuff(Buffer.from('.\r\n'), whole).done, true);
  });
  it('comes back as it was when the server stuffed by the book', () => {
    fc.assert(
      fc.property(hardContent, cuts, cuts, (content, one, other) => {
        const wire = Buffer.from(`${stuffByTheBook(content.toString('latin1'))}.\r\n`, 'latin1');
        const { content: read, rest, done } = unstuff(wire, one);
        assert.ok(done && rest.length === 0);
        assert.deepEqual(read, content);
        assert.deepEqual(
          unstuff(Buffer.concat([stuff(content, other), Buffer.from('.\r\n')]), one).done,
          true,
        );
      }),
      { numRuns: 2000 },
    );
  });
  it('is the same for long content, in one piece and octet by octet', () => {
    fc.assert(
      fc.property(longContent, (content) => {
        const stuffed = stuff(content, whole);
        assert.deepEqual(stuff(content, single), stuffed);
        const wire = Buffer.from(`${stuffByTheBook(content.toString('latin1'))}.\r\n`, 'latin1');
        assert.deepEqual(unstuff(wire, whole).content, content);
        assert.deepEqual(unstuff(wire, single), unstuff(wire, whole));
      }),
      { numRuns: 300 },
    );
  });
  it('leaves everything but forged terminators as the book says', () => {
    const forged = /(?:(?<!\r)\n|\r(?!\n))\.[\r\n]/u;
    fc.assert(
      fc.property(hardContent, cuts, (content, cut) => {
        const text = content.toString('latin1');
        fc.pre(!forged.test(text));
        assert.equal(stuff(content, cut).toString('latin1'), stuffByTheBook(text));
      }),
      { numRuns: 2000 },
    );
  });
  it('never lets a lone dot stand between two line ends of any kind', () => {
    fc.assert(
      fc.property(hardContent, cuts, (content, cut) => {
        assert.doesNotMatch(stuff(content, cut).toString('latin1'), /(?<=^|[\r\n])\.[\r\n]/u);
      }),
      { numRuns: 2000 },
    );
  });
  it('gives the same however the bytes are cut', () => {
    fc.assert(
      fc.property(hardContent, (content) => {
        assert.deepEqual(stuff(content, single), stuff(content, whole));
        const one = unstuff(content, single);
        assert.deepEqual(unstuff(content, whole), one);
      }),
      { numRuns: 2000 },
    );
  });
});
