import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SelfAppending } from './self-appending.ts';

const selfAppending = new SelfAppending();

function appends(script: string): boolean {
  return selfAppending.isIn(Buffer.from(script));
}

describe('a script that appends to its own variable', () => {
  it('is seen in every language', () => {
    for (const script of [
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
    ]) {
      assert.ok(appends(script), script);
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
    ]) {
      const text = Buffer.from(unit.repeat(Math.ceil(4_000_000 / unit.length)));
      const before = process.cpuUsage();
      selfAppending.isIn(text);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 5_000_000, `${unit.slice(0, 8)}: ${user} µs`);
    }
  });
});
