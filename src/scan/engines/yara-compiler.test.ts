import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileRules, MAX_PROBLEMS } from './yara-compiler.ts';
import type { RuleProblem, RuleSource } from './yara-sources.ts';

const file = (path: string, source: string, namespace = path): RuleSource => ({ path, source, namespace });
const sound = file('sound.yar', 'rule sound { strings: $a = "POSTERN-TEST" condition: $a }');

const condition = (text: string) => `rule r { strings: $a = "POSTERN-TEST" condition: ${text} }`;

function problems(...sources: readonly RuleSource[]): readonly RuleProblem[] {
  const compiled = compileRules(sources);
  assert.equal(compiled.kind, 'refused');
  return compiled.problems;
}

describe('rule compiler', () => {
  it('compiles files of different namespaces that use the same rule name', () => {
    const compiled = compileRules([sound, file('b.yar', sound.source)]);
    assert.equal(compiled.kind, 'compiled');
    assert.ok(compiled.serialised.byteLength > 0);
  });

  it('compiles an empty set', () => {
    assert.equal(compileRules([]).kind, 'compiled');
  });

  it('names file, line, column and code of every error of every file', () => {
    const found = problems(
      sound,
      file('a.yar', 'rule a {\n  condition: nowhere\n}'),
      file('b.yar', '\nrule b { condition: $x }'),
    );
    assert.deepEqual(
      found.map(({ path, line, column, code }) => `${path}:${line}:${column} ${code}`),
      ['a.yar:2:14 E009', 'b.yar:2:21 E025'],
    );
    assert.match(found[0]?.message ?? '', /unknown identifier `nowhere`/);
  });

  it('refuses includes', () => {
    const [found] = problems(file('i.yar', 'include "sound.yar"\nrule i { condition: true }'));
    assert.equal(found?.code, 'E044');
  });

  it('refuses slow patterns, slow loops and loops of too many steps', () => {
    const codes = [
      'rule r { strings: $a = /(a+)+b/ condition: $a }',
      condition('for all i in (0..filesize) : (uint8(i) == 0) and $a'),
      condition('$a and for all i in (1..100000) : (for all j in (1..100000) : (i + j > 0))'),
    ].map((source) => problems(file('slow.yar', source))[0]?.code);
    assert.deepEqual(codes, ['E018', 'E034', 'too_many_iterations']);
  });

  it('refuses what is slow on the vetting buffers and raises no warning, and names only that file', () => {
    const found = problems(
      sound,
      file('slow.yar', 'rule s { strings: $a = /[a-z]{4,800}\\d/ condition: $a }'),
    );
    assert.deepEqual(
      found.map(({ path, code }) => [path, code]),
      [['slow.yar', 'too_slow']],
    );
  });

  it('names the later file when two of one namespace clash', () => {
    const [found] = problems(
      sound,
      file('first.yar', sound.source, 'n'),
      file('second.yar', sound.source, 'n'),
    );
    assert.deepEqual([found?.path, found?.line, found?.code], ['second.yar', 1, 'conflict']);
  });

  it('lists a bounded number of problems', () => {
    const many = Array.from({ length: MAX_PROBLEMS + 1 }, (_, index) => file(`${index}.yar`, 'rule {'));
    assert.equal(problems(...many).length, MAX_PROBLEMS);
    assert.equal(problems(...many.slice(1)).length, MAX_PROBLEMS);
  });
});
