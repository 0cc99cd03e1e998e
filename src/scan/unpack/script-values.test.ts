import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { packedCodes } from './packed-codes.ts';
import { withoutShellEscapes } from './script-tricks.ts';
import { isCall, scriptValues } from './script-values.ts';
import { withPlainSlashes, withVariables } from './script-views.ts';
import { unescapeScript } from './text-views.ts';
import { unwrappedLines } from './wrapped-lines.ts';

function values(script: string): string[] {
  return scriptValues(Buffer.from(script, 'latin1')).join('\n').split('\n');
}

describe('texts that a script puts together', () => {
  const scripts: Record<string, string> = {
    'behind a comment': `s='ab';/* 'x' */ s+='cd'; // don't\n s+="ef"`,
    'in another order': `b='cd';a='ab';c='ef';run(a+b+c)`,
    'of properties': `o={y:'cd',x:'ab'};run(o.x+o.y+'ef')`,
    'of a template': 'a=`ab`;b=`ef`;run(`${a}cd${b}`)',
    'beside a literal of another kind': `s="ab";log("it's");s+="cdef"`,
    'behind a path that ends in a backslash': String.raw`s="ab";p='c:\x\';s+="cdef"`,
    'with a pattern of quotes before': `x=y.replace(/["']/g,'');s='ab';s+='cdef'`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    it(`are found ${name}`, () => assert.ok(values(script).includes('abcdef'), values(script).join('|')));
  }

  it('are none where nothing is put together', () => {
    assert.deepEqual(scriptValues(Buffer.from(`a = 'one'; b = "two"; f('three');`)), []);
  });

  it('stay in proportion to the script', () => {
    const script = `a='${'x'.repeat(64)}';${'a=a+a;b=a+a;'.repeat(4000)}`;
    const length = scriptValues(Buffer.from(script)).reduce((sum, bytes) => sum + bytes.length, 0);
    assert.ok(length <= script.length * 4 + 64 * 1024);
  });

  it('are named in a literal however many parts they have', () => {
    const script = ["a='x';", "a+='yz';".repeat(200_000), "b='-$a'+'-'"].join('');
    assert.ok(values(script).includes(`-x${'yz'.repeat(200_000)}-`));
  });

  it('are whole, also from their end, whatever is copied of their parts meanwhile', () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => String(index));
    const appended = parts.map((part) => `a+='${part}';`).join('');
    assert.deepEqual(values(`a='x';${appended}`), [`x${parts.join('')}`]);
    const turned = values(`a='x';${appended}b=a.reverse()`);
    assert.ok(turned.includes(`${parts.toReversed().join('')}x`));
  });

  it('are read to the end of a long line of escaped quotes', () => {
    const script = `s='ab';${'\\"'.repeat(500_000)};s+='cdef'`;
    assert.ok(values(script).includes('abcdef'));
  });

  it('are read from any bytes without an error', () => {
    const sign = fc.constantFrom(
      ...Array.from(`'"\`\\/*+.&=,;:()[]{}$#_ \n`),
      'a',
      'replace',
      'split',
      'reverse',
      '0',
      '\r\n',
    );
    const text = fc.array(sign, { maxLength: 80 }).map((signs) => signs.join(''));
    fc.assert(
      fc.property(text, (script) => {
        const length = scriptValues(Buffer.from(script)).reduce((sum, bytes) => sum + bytes.length, 0);
        assert.ok(length <= script.length * 4 + 64 * 1024);
      }),
    );
  });
});

/** Statements of `length` characters that say nothing. */
function apart(length: number): string {
  return `;${'1;'.repeat(length / 2)}\n`;
}

describe('texts that a script turns round', () => {
  const turning = "out=t.split('').reverse().join('');";
  const scripts: Record<string, string> = {
    'in the same statement': "run('fedcba98'.split('').reverse())",
    'near it': `x='fedcba98';${apart(1800)}${turning}`,
    'by their variable': `text='fedcba98';${apart(200_000)}run(text.reverse())`,
    'by a variable of one letter': `t='fedcba98';${apart(30_000)}${turning}`,
    'by a function before': `function r(t){${turning}}${apart(200_000)}run(r('fedcba98'))`,
    'by a function behind': `run(r('fedcba98'))${apart(200_000)}r=(t)=>{${turning}}`,
    'by a function called without brackets': `Function Turn(t)\nTurn = StrReverse(t)\nEnd Function${apart(9000)}x = Turn "fedcba98"`,
    'pushed far from it': `parts.push('fed');parts.push('cba98');${apart(200_000)}run(parts.reverse())`,
    'through another variable': `text='fedcba98';${apart(9000)}other=text;${apart(200)}run(other.reverse())`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    it(`are found ${name}`, () => assert.ok(values(script).includes('89abcdef'), values(script).join('|')));
  }

  it('are no others of a program', () => {
    const script = `text='fedcba98';more=text+'x';${apart(9000)}other.reverse()`;
    assert.deepEqual(values(script), ['fedcba98x']);
  });

  it('are none where the last element of a list is read', () => {
    const script = `x='fedcba98';y=x[x.length - 1];z=y[y.length-1]`;
    assert.equal(values(script).join('').includes('89abcdef'), false);
  });

  it('are told once', () => {
    assert.deepEqual(values(`a='ab'+'cd';b=a;a='';b='';run('ab','cd')`), ['abcd']);
  });
});

describe('words by which a script puts texts together', () => {
  it('are calls, operators and names', () => {
    const calls = ['x.replace("a")', 'Replace  ( x', "-split ','", '["split"]', 'str_replace', 'split /x/'];
    for (const call of [...calls, '[array]::Reverse($a)', 'Replace _\n(x', 'reverse/**/(']) {
      assert.equal(isCall(Buffer.from(call)), true, call);
    }
  });

  it('are none in prose', () => {
    const texts = ['Please replace it. Split the bill - reverse: no!', 'the reverse of this (split)'];
    for (const prose of [
      ...texts,
      'to replace&nbsp;it',
      'to <b>split</b>',
      'replace/repair',
      '> we split\n> it',
    ]) {
      assert.equal(isCall(Buffer.from(prose)), false, prose);
    }
  });
});

describe('lines of data in a script', () => {
  const line = 'QUJDREVGR0hJSktM';
  const wrapped = (count: number, text = line): Buffer => Buffer.from(`echo ${text}>>a\r\n`.repeat(count));

  it('are joined when they have 64 characters together, and not with fewer', () => {
    assert.equal(unwrappedLines(wrapped(4)).join(''), [line, line, line, line].join('\n'));
    assert.deepEqual(unwrappedLines(wrapped(3)), []);
  });

  it('have 16 characters each, and not fewer', () => {
    assert.deepEqual(unwrappedLines(wrapped(8, line.slice(1))), []);
  });

  it('end with a shorter one', () => {
    const script = Buffer.concat([wrapped(4), Buffer.from('echo QUI=>>a\r\necho done\r\n')]);
    assert.ok(
      unwrappedLines(script)
        .join('')
        .startsWith(`${[line, line, line, line].join('\n')}\nQUI=`),
    );
  });
});

describe('escapes of scripts', () => {
  it('have two octal digits where they stand for a character that is printed', () => {
    assert.equal(String(unescapeScript(Buffer.from(String.raw`a\55b\101\400`))), 'a-bA 0');
    assert.equal(unescapeScript(Buffer.from(String.raw`\12 \37x \8 \5`)), undefined);
  });

  it('of two bytes count from six on', () => {
    assert.equal(String(packedCodes(Buffer.from('%u4241'.repeat(6)))[0]), 'AB'.repeat(6));
    assert.deepEqual(packedCodes(Buffer.from('%u4241'.repeat(5))), []);
  });

  it('of slashes are undone in the literals that have them', () => {
    assert.equal(String(withPlainSlashes(Buffer.from(String.raw`{"a":"b","c":"x:\/\/y"}`))[0]), 'x://y');
  });

  it('of shells are dropped alone and together', () => {
    const found = withoutShellEscapes(Buffer.from('a^b c`d e""f')).map(String);
    assert.ok(found.includes('ab cd ef'), found.join('|'));
  });

  it('of shells are dropped together only where not each of them is asked for', () => {
    for (const script of ['a^b c`d e""f', 'a^b', 'e""f', 'a^b c`d', 'plain']) {
      const [all, last] = [true, false].map((hasEach) => withoutShellEscapes(Buffer.from(script), hasEach));
      assert.deepEqual(last, all?.slice(-1), script);
    }
  });

  it('of batch files use what a variable has at that line', () => {
    const script = Buffer.from('set a=x1\r\necho %a%\r\nset a=%a:1=2%\r\necho %a%\r\n');
    const [other] = withVariables(script, assert.fail);
    assert.equal(String(other), 'set a=x1\r\necho x1\r\nset a=x2\r\necho x2\r\n');
  });
});
