import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyedRuns } from './keyed-runs.ts';
import { radixLists } from './radix-lists.ts';
import { uuLiterals } from './uu-literals.ts';
import { addedLines, decimalEscapes, declaredEntities } from './written-escapes.ts';

function texts(found: readonly Buffer[]): string[] {
  return found.map((bytes) => bytes.toString('latin1').trimEnd());
}

function list(count: number): string {
  return `(x,16) ###### '${'48 '.repeat(count)}'`;
}

function keys(count: number): string {
  return Array.from({ length: count }, (_, at) => `x^${at + 9};`).join('');
}

function declared(uses: number): Buffer {
  return Buffer.from(`<!ENTITY a "${'x'.repeat(4096)}">${'&a;'.repeat(uses)}`);
}

describe('lists of numbers in other bases', () => {
  it('are read in the bases that the script names', () => {
    const script = "'1001000 1100101 1101100 1101100 1101111 100001'.map(b=>parseInt(b,2))";
    assert.ok(texts(radixLists(Buffer.from(script))).includes('Hello!'));
    assert.deepEqual(radixLists(Buffer.from(script.replace(',2)', ',10)'))), []);
  });

  it('have six numbers or more', () => {
    assert.ok(texts(radixLists(Buffer.from(list(6)))).includes('HHHHHH'));
    assert.deepEqual(radixLists(Buffer.from(list(5))), []);
  });
});

describe('uuencoded lines of a script', () => {
  it('are read behind the word that decodes them, also without the blanks at their end', () => {
    assert.ok(texts(uuLiterals(Buffer.from('unpack("u", "%:&5L;&\\\\`")'))).includes('hello'));
    assert.ok(texts(uuLiterals(Buffer.from('unpack("u", q{%:&5L;&\\})'))).includes('hello'));
    assert.deepEqual(uuLiterals(Buffer.from("pack 'N', '%:&5L;&\\`'")), []);
  });

  it('follow each other as one', () => {
    const lines = '#86)C\n#9&5F\n';
    assert.deepEqual(texts(uuLiterals(Buffer.from(`uudecode <<E\n${lines}E\n`))), ['abcdef']);
  });
});

describe('encoded data under a key', () => {
  const data = Buffer.from(Buffer.from('a text of some length').map((code) => code ^ 0x2a)).toString(
    'base64',
  );

  it('is read under each key that the script names', () => {
    const script = Buffer.from(`atob('${data}').charCodeAt(i) ^ 0x2a; b ^= 7`);
    assert.ok(texts(keyedRuns(script)).includes('a text of some length'));
    assert.equal(keyedRuns(script).length, 2);
    assert.deepEqual(keyedRuns(Buffer.from(`atob('${data}')`)), []);
  });

  it('is read under four keys at most', () => {
    const text = Buffer.from('a text of some length').toString('base64');
    assert.equal(keyedRuns(Buffer.from(`${keys(4)}'${text}'`)).length, 4);
    assert.equal(keyedRuns(Buffer.from(`${keys(5)}'${text}'`)).length, 4);
  });

  it('is not noise', () => {
    const noise = Buffer.from('a text of some length').map((code, index) => code ^ (index * 37));
    assert.deepEqual(keyedRuns(Buffer.from(`atob('${Buffer.from(noise).toString('base64')}') ^ 0x2a`)), []);
  });
});

describe('escapes of single languages', () => {
  it('are decimal in a row of four', () => {
    assert.deepEqual(texts(decimalEscapes(Buffer.from('print("\\072\\101\\108\\108o")'))), [
      'print("Hello")',
    ]);
    assert.deepEqual(decimalEscapes(Buffer.from('print("\\072\\101\\108")')), []);
    assert.deepEqual(decimalEscapes(Buffer.from('print("\\110\\145\\154\\154")')), []);
  });

  it('are entities with what the file declares, up to a bound', () => {
    assert.ok(declaredEntities(declared(256))[0]?.toString().endsWith('xxx'));
    assert.ok(declaredEntities(declared(257))[0]?.toString().endsWith('&a;'));
  });

  it('are lines that a patch adds, where they are data', () => {
    const line = 'QUJD'.repeat(15);
    const patch = `@@ -0,0 +1,2 @@\n+${line}\n+${line}\n`;
    assert.ok(addedLines(Buffer.from(patch))[0]?.toString().includes(`\n${line}\n${line}\n`));
    assert.deepEqual(addedLines(Buffer.from('@@ -0,0 +1,2 @@\n+const a = 1;\n+const b = 2;\n')), []);
  });
});
