import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addsElements, withComputedLiterals } from './computed-literals.ts';
import { pickedCharacters } from './picked-characters.ts';
import { shellWords } from './shell-words.ts';

function computed(script: string): string | undefined {
  return withComputedLiterals(Buffer.from(script))[0]?.toString('latin1');
}

describe('literals that a script computes', () => {
  it('are written where the script computes them', () => {
    assert.equal(computed('Execute Chr(65) & "b" & Chr(60+7)'), 'Execute "AbC"');
    assert.equal(computed('s = "abc"\ny = s.charAt(2) + s.charAt(0)'), 's = "abc"\ny = "ca"');
    assert.equal(computed('x = Mid("zzabc", 3) & Left("dez", 2) & Right("zzf", 1)'), 'x = "abcdef"');
    assert.equal(computed('=CONCATENATE("a","b";"c")'), '="abc"');
    assert.equal(computed('set a=abcdef\n%a:~2,2%%a:~-1%'), 'set a=abcdef\ncdf');
  });

  it('are left as they are where nothing is known of them', () => {
    assert.equal(computed('y = s.charAt(2) + s.charAt(0)'), undefined);
    assert.equal(computed('set d=%date:~0,4%%date:~5,2%'), undefined);
    assert.equal(computed('x = a[1] + a[2]'), undefined);
  });

  it('are elements where several are added', () => {
    assert.equal(addsElements(Buffer.from('a[1]+a[2]')), true);
    assert.equal(addsElements(Buffer.from('a[i]+b')), false);
  });

  it('take linear time', () => {
    const hostile = ['a = ["a"        ', `"a"${' '.repeat(8)}`, 'a[1,', '%a:~1', "'{0}' -f ", 'Chr(', '$a='];
    for (const part of hostile) {
      const script = Buffer.from(`x = "ab"; x.charAt(1) + x[1]+x[0]\n${part.repeat(30_000)}`);
      const before = process.cpuUsage();
      withComputedLiterals(script);
      shellWords(script);
      pickedCharacters(script);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 5_000_000, `${part}: ${user} µs`);
    }
  });
});

function words(script: string): string | undefined {
  return shellWords(Buffer.from(script))[0]?.toString('latin1');
}

describe('words of a shell', () => {
  it('have no quotes and the values of variables', () => {
    assert.equal(words(`a=xy\necho 'a'"b"\\c$a\${a:1:1}$@`), 'a=xy\necho abcxyy');
  });

  it('do not grow beyond four times the script', () => {
    const script = `a=${'x'.repeat(5000)}\n${'$a'.repeat(5000)}`;
    assert.ok((words(script) ?? '').length < 5 * script.length);
  });
});
