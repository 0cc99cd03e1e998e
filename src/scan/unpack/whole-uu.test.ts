import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { withoutWholeUu } from './whole-uu.ts';

function line(bytes: Buffer): string {
  const padded = Buffer.concat([bytes, Buffer.alloc((3 - (bytes.length % 3)) % 3)]);
  const groups = Array.from({ length: padded.length / 3 }, (_, at) => padded.readUIntBE(at * 3, 3));
  const sixes = groups.flatMap((group) => [18, 12, 6, 0].map((shift) => (group >> shift) & 63));
  return String.fromCodePoint(...[bytes.length, ...sixes].map((six) => (six === 0 ? 0x60 : six + 32)));
}

/** The lines of a file, the first and the last two of which belong to no data. */
function lines(file: Buffer): string[] {
  const data = Array.from({ length: Math.ceil(file.length / 45) }, (_, at) =>
    line(file.subarray(at * 45, at * 45 + 45)),
  );
  return ['begin 644 a.gz', ...data, '`', 'end'];
}

const FILE = gzipSync(Buffer.from(Array.from({ length: 900 }, (_, at) => (at * at * 31 + 7) & 255)));

function rest(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.from(withoutWholeUu({ path: '1', bytes, depth: 0 }).bytes).toString('latin1');
}

function text(file: readonly string[], end = '\n'): string {
  return ['before', ...file, 'after', ''].join(end);
}

describe('a text less the uuencoded files that are whole in it', () => {
  const whole = lines(FILE);

  for (const end of ['\n', '\r\n']) {
    it(`is what stands around them, with lines that end in ${JSON.stringify(end)}`, () => {
      assert.equal(rest(text([...whole, 'between', ...whole], end)), text(['between'], end));
    });
  }

  it('is the same text when a file is not whole', () => {
    const broken: Record<string, readonly string[]> = {
      'without an end': whole.slice(0, -1),
      'with a short line': whole.map((each, at) => (at === 3 ? each.slice(0, -1) : each)),
      'with a letter that stands for nothing': whole.map((each, at) =>
        at === 3 ? `${each.slice(0, -1)}a` : each,
      ),
      'with a line between': whole.toSpliced(4, 0, 'and so on'),
      'of digits': whole.map((each, at) =>
        at === 0 || each.length < 61 ? each : `M${'0123456789ABCDEF'.repeat(4).slice(0, 60)}`,
      ),
      'behind a sign': whole.map((each) => `> ${each}`),
    };
    for (const [name, file] of Object.entries(broken)) {
      assert.equal(rest(text(file)), text(file), name);
    }
  });

  it('is what stands around data that begin like no file and are packed', () => {
    assert.equal(rest(text(lines(FILE.subarray(3)))), text([]));
  });

  it('keeps lines that may be read as characters', () => {
    const coded = `M${'&#80;&#79;&#83;&#84;'.repeat(3)}`;
    assert.equal(rest(text(whole.toSpliced(4, 0, coded))), text([coded]));
  });
});
