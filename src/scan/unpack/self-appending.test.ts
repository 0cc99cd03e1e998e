import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PART_BYTES } from '../place-sieve.ts';
import { SelfAppending } from './self-appending.ts';

const selfAppending = new SelfAppending();

function appends(script: string): boolean {
  return selfAppending.isIn(Buffer.from(script));
}

const SCRIPTS: readonly string[] = [
  's = s + "ab"\r\n',
  's=s+"ab";',
  "x=1;this.text = this.text + 'ab';",
  's=s&"ab"',
  "$s = $s . 'ab';",
  't=t+`ab`;',
  's = s & _\r\n    "ab"',
  's = s +\n"ab"',
  't = `${t}ab`;',
  'a="${a}ab"\n',
  "a=$a'ab'\n",
  '$s = "{$s}ab";',
  '$s = "$s$t";',
  `${'n'.repeat(64)}=${'n'.repeat(64)}+"ab"`,
];

describe('a script that appends to its own variable', () => {
  it('is seen in every language', () => {
    for (const script of SCRIPTS) {
      assert.ok(appends(script), script);
    }
  });

  it('is seen wherever it stands, also over the end of what is looked at in one turn', () => {
    for (const script of SCRIPTS) {
      for (let before = PART_BYTES - script.length - 1; before <= PART_BYTES + 1; before += 1) {
        assert.ok(appends(`${'\n'.repeat(before)}${script}`), `${script} behind ${before}`);
      }
    }
  });

  it('goes over so many blanks and ends of lines before a literal, and not one more', () => {
    for (const mark of ['', '_', ' _']) {
      for (const blank of [' ', '\n']) {
        assert.ok(appends(`s=s+${mark}${blank.repeat(33)}"ab"`), mark);
        assert.ok(!appends(`s=s+${mark}${blank.repeat(34)}"ab"`), mark);
      }
    }
  });

  it('is none that names another variable, compares or adds in front', () => {
    for (const script of [
      's = t + "ab"',
      'as = s + "ab"',
      's = as + "ab"',
      's == s - "ab"',
      's = "ab" + s',
      's + "ab"',
      'b=$a"ab"',
      'ba=$a"ab"',
      'ba="${a}ab"',
      'a=$ab"ab"',
      `s = s &${' '.repeat(40)}"ab"`,
      '="ab"',
      `${'n'.repeat(65)}=${'n'.repeat(65)}+"ab"`,
      '',
    ]) {
      assert.ok(!appends(script), script);
    }
  });

  it('is looked for in linear time', () => {
    for (const unit of [
      '"',
      '+"',
      `${'a'.repeat(64)}+"`,
      `${'a'.repeat(64)}=${'a'.repeat(63)}+"`,
      'a=',
      '$',
      `=$${'a'.repeat(63)}`,
      `${' '.repeat(31)}"`,
      `+${' '.repeat(33)}"`,
    ]) {
      const text = Buffer.from(unit.repeat(Math.ceil(4_000_000 / unit.length)));
      const before = process.cpuUsage();
      selfAppending.isIn(text);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 5_000_000, `${unit.slice(0, 8)}: ${user} µs`);
    }
  });
});
