import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutInvisible } from './invisible-text.ts';
import { openAll, yields } from './open-all.ts';
import { createUnpackers } from './index.ts';
import { withoutSeparators, withoutShellEscapes } from './script-tricks.ts';
import { formatted, withVariables } from './script-views.ts';

const MARKER = 'POSTERN-TEST';
const LETTERS = Array.from(MARKER);
const BASE64 = Buffer.from(`MZ harmless ${MARKER} and some more bytes so that the run is long`).toString(
  'base64',
);
/** More than a megabyte, and nothing in it that calls for a reading. */
const PROSE = 'There is more to be told of this matter.\r\n'.repeat(30_000);
const unpackers = createUnpackers();

function texts(views: readonly Buffer[]): string[] {
  return views.map((view) => view.toString('latin1'));
}

function none(detail: string): void {
  assert.fail(detail);
}

function batch(count: number): Buffer {
  const variables = Array.from({ length: count }, (_, at) => `set v${at}=${at}`);
  return Buffer.from(`${variables.join('\n')}\n[%v${count - 1}%]`);
}

function grown(uses: number): Buffer {
  return Buffer.from(`set a=${'x'.repeat(990)}\n${'%a%'.repeat(uses)}`);
}

function formats(count: number): Buffer {
  return Buffer.from(`("{1}{0}" -f 'b','a')\n`.repeat(count));
}

function scripts(count: number): Buffer {
  return Buffer.from('#@~^GwAAAA==\tUm.EAAAAA==^#~@\n'.repeat(count));
}

function removing(count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, at) => `x.replace('<${at}>', '');`).join(''));
}

function manyArguments(count: number): Buffer {
  return Buffer.from(`"{${count - 1}}" -f ${"'a',".repeat(count - 1)}'z'`);
}

describe('a reading of a long text', () => {
  const shapes: Record<string, string> = {
    'a separator that is replaced': String.raw`atob('${Array.from(BASE64).join('$')}'.replace(/\$/g, ''))`,
    'numbers behind an exclusive or': `[${LETTERS.map((letter) => letter.charCodeAt(0) ^ 90).join(',')}].map(x => String.fromCharCode(x ^ 90))`,
    'carets in a batch file': `@echo off\r\necho ${LETTERS.join('^')} and more of it`,
    'a template with empty places': `atob(\`${BASE64.replace(/.{7}/g, "$&${''}")}\`)`,
    'an address whose scheme is cut by tabs': `<a href="d&Tab;ata:text/plain;bas&NewLine;e64,${BASE64.slice(0, 40)}">`,
    'base64 in two attributes': `<div data-a="${BASE64.slice(0, 52)}" data-b="${BASE64.slice(52)}">`,
    'a word cut by zero-width spaces': `see ${LETTERS.join('\u200b')} there`,
    'a word cut by soft hyphens': `<p>${LETTERS.join('&shy;')}</p>`,
    'variables of a batch file': '@echo off\r\nset v0=POSTE\r\nset "v1=RN-TEST"\r\necho %v0%%V1%',
    'the format operator of PowerShell': `$s = ("{1}{0}{2}" -f 'RN-', "POSTE",'TEST') # and more`,
    'characters as Office escapes them': `<t>${LETTERS.map((letter) => `_x00${letter.charCodeAt(0).toString(16)}_`).join('')}</t>`,
    'sections of XML': `<a>${LETTERS.map((letter) => `<![CDATA[${letter}]]>`).join('')}</a>`,
    'one call to push for each number': `var b=[];${LETTERS.map((letter) => `b.push(${letter.charCodeAt(0)});`).join('')}`,
  };
  for (const [shape, text] of Object.entries(shapes)) {
    it(`goes to its end: ${shape}`, async () => {
      const opened = await openAll(Buffer.from(PROSE + text), { unpackers });
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }
});

describe('limits of readings: at the limit passes, one over is told', () => {
  it('variables of a batch file', () => {
    assert.match(texts(withVariables(batch(10_000), none))[0] ?? '', /\[9999\]$/);
    const told: string[] = [];
    withVariables(batch(10_001), (detail) => told.push(detail));
    assert.deepEqual(told, ['more than 10000 variables in one batch file']);
  });

  it('growth of a batch file', () => {
    assert.equal(withVariables(grown(4), none).length, 1);
    const told: string[] = [];
    withVariables(grown(5), (detail) => told.push(detail));
    assert.deepEqual(told, ['a batch file grows beyond 4 times its size']);
  });

  it('formats of a script', () => {
    assert.equal(texts(formatted(formats(1024), none))[0], Array(1024).fill('ab').join('\n'));
    const told: string[] = [];
    formatted(formats(1025), (detail) => told.push(detail));
    assert.deepEqual(told, ['more than 1024 formats in one script']);
  });

  it('arguments of a format', () => {
    assert.deepEqual(texts(formatted(manyArguments(4096), none)), ['z']);
    const told: string[] = [];
    formatted(manyArguments(4097), (detail) => told.push(detail));
    assert.deepEqual(told, ['more than 4096 arguments of one format']);
  });

  it('encoded scripts of one file', async () => {
    assert.deepEqual((await openAll(scripts(500), { unpackers })).causes, []);
    assert.deepEqual((await openAll(scripts(501), { unpackers })).causes, ['bomb']);
  });

  it('separators: each of four by itself, and all together with more', () => {
    assert.deepEqual(
      texts(withoutSeparators(removing(4))).map((text) => text.includes("replace('', '')")),
      [true, true, true, true],
    );
    const [, , , , all] = texts(withoutSeparators(removing(5)));
    assert.equal(all, "x.replace('', '');".repeat(5));
  });
});

describe('signs that shells drop', () => {
  it('are dropped one by one and together', () => {
    assert.deepEqual(texts(withoutShellEscapes(Buffer.from('p^ow i`ex'))), [
      'pow i`ex',
      'p^ow iex',
      'pow iex',
    ]);
    assert.deepEqual(texts(withoutShellEscapes(Buffer.from('2^3 `a` ^'))), []);
  });
});

describe('invisible characters', () => {
  it('are dropped when some stand inside a word', () => {
    for (const one of [
      '\u200b',
      '\u034f',
      '\ufeff',
      '\u180e',
      '\ufe0f',
      '\ufe00',
      '\u206a',
      '\u180b',
      '&lrm;',
      '&RLM;',
      '\u{e0001}',
      '\u{e01ef}',
      '\u00ad',
      '&shy;',
      '&#8203;',
      '&#X200B;',
    ]) {
      const text = `a${one}b ${one.repeat(20)}`;
      assert.deepEqual(texts(withoutInvisible(Buffer.from(text))), ['ab '], text);
      assert.deepEqual(withoutInvisible(Buffer.from(`a ${one.repeat(20)} b`)), [], text);
    }
    assert.deepEqual(texts(withoutInvisible(Buffer.from('a\u00adb', 'latin1'))), ['ab']);
  });

  it('are padding when there are more of them between two letters', () => {
    assert.equal(withoutInvisible(Buffer.from(`a${'\u200b'.repeat(8)}b`)).length, 1);
    assert.equal(withoutInvisible(Buffer.from(`a${'\u200b'.repeat(9)}b`)).length, 0);
  });

  it('leave other characters of the same beginning', () => {
    assert.deepEqual(
      withoutInvisible(Buffer.from('a\u201cb\u00e1c&amp;d\u2070e\ufb01f\ufe10g\u{e0200}h')),
      [],
    );
  });
});
