import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MarkIndex } from './mark-search.ts';
import { NumberSeries } from './number-series.ts';
import { ScriptNumbers } from './script-numbers.ts';

const LEAST = 4;
const TEXT = 'POSTERN-TEST';
const codes = Array.from(Buffer.from(TEXT));

function series(text: string, least = LEAST): string[] {
  const found = new NumberSeries(Buffer.from(text), least);
  found.read(0, text.length);
  return found.found.map((bytes) => bytes.toString('latin1'));
}

function inScript(text: string): string[] {
  return new ScriptNumbers(new MarkIndex())
    .in(Buffer.from(text), LEAST)
    .map((bytes) => bytes.toString('latin1'));
}

describe('series of numbers', () => {
  it('are read however they are written', () => {
    const spelled: readonly ((code: number, at: number) => string)[] = [
      (code) => `${code},`,
      (code) => `0x${code.toString(16)} `,
      (code) => `0${code.toString(8)};`,
      (code) => `Chr$(&H${code.toString(16)}) & `,
      (code) => `${code - 1000} + 1000,`,
      (code) => `${code ^ 7} ^ 7|`,
      (code) => `${(code - (code % 2)) / 2}*2+${code % 2},`,
      (code) => `${code - 256},`,
      (code) => `${code} /* ${code + 1}, */ ,`,
      (code, at) => `b[${at}] = ${code};\n`,
      (code) => `bytes.push (${code});`,
      (code, at) => `${at === 0 ? '{' : ','}"${at}":${code}`,
      (code, at) => `${at === 0 ? '{' : ', '}${at} : ${code}`,
      (code) => `String.fromCharCode(${code}) + `,
      (code) => `t+=String.fromCharCode(${code});`,
      (code) => `t = t + String.fromCharCode (${code})\r\n`,
      (code) => `s &= Chr(${code})\r\n`,
      (code) => `s = s & Chr(${code})\r\n`,
      (code) => `this.a.append(${code})\n`,
      (code) => `a[i++]=${code};`,
      (code) => `document.write(String["fromCharCode"](0x${code.toString(16)}));`,
    ];
    for (const spell of spelled) {
      const text = codes.map(spell).join('');
      assert.deepEqual(series(`x = ${text}`), [TEXT], text);
    }
  });

  it('are so many numbers and no fewer', () => {
    assert.deepEqual(series('65, 66, 67, 68'), ['ABCD']);
    assert.deepEqual(series('65, 66, 67'), []);
  });

  it('go on over so many signs and not over one more', () => {
    assert.deepEqual(series(`65,66,67${' '.repeat(64)}68`), ['ABCD']);
    assert.deepEqual(series(`65,66,67${' '.repeat(65)}68`), []);
  });

  it('go on over the same signs, so many and not one more', () => {
    assert.deepEqual(series(`65${`${'?'.repeat(64)}66`.repeat(5)}`), ['ABBBBB']);
    assert.deepEqual(series(`65${`${'?'.repeat(65)}66`.repeat(5)}`), []);
  });

  it('end at fractions, words and what is no number', () => {
    for (const text of [
      '65,66,67.5,68',
      '65,66,67em,68',
      '65,66,67=68',
      '65,66,67,x,68',
      '65,66,67;x=y+68',
      '65,66,67;x==x+68',
    ]) {
      assert.deepEqual(series(text), [], text);
    }
  });

  it('have as many bytes for each number as the greatest needs', () => {
    assert.deepEqual(series('65, 66, 67, 255'), ['ABC\u00ff']);
    assert.deepEqual(series('65, 66, 67, 256'), ['A\0B\0C\0\0\u0001']);
    assert.deepEqual(series('0x44434241, 0, 0, 0xffffffff'), [
      `ABCD${'\0'.repeat(8)}\u00ff\u00ff\u00ff\u00ff`,
    ]);
  });

  it('are read to the end of a text of nothing else', () => {
    assert.deepEqual(
      series('7+58,'.repeat(100_000)).map((text) => text.length),
      [100_000],
    );
  });
});

describe('series of numbers in a script', () => {
  const calls = codes.map((code) => `String.fromCharCode(${code}/**/)`).join('+');
  const words = 'there are 3 words and 14 numbers in it\n';

  it('are found wherever they stand', () => {
    for (const length of [0, 1000, 5000, 3_000_000]) {
      const before = words.repeat(Math.ceil(length / words.length));
      assert.deepEqual(inScript(`${before}${calls}`), [TEXT]);
      assert.deepEqual(inScript(`${calls};x${before}${calls}`), [TEXT, TEXT]);
    }
  });

  it('are whole when they begin before their mark', () => {
    const pushed = codes.map((code) => `b[${code}]=${code};`).join('');
    assert.deepEqual(inScript(`${words}${pushed}b[0]=0;`), [`${TEXT}\0`]);
  });

  it('are not looked for without a mark', () => {
    assert.deepEqual(inScript(codes.join('/**/,')), []);
  });
});
