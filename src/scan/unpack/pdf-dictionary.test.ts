import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openAll } from './open-all.ts';
import { dictionariesBefore, filterValues } from './pdf-dictionary.ts';

function first(text: string): { text: string; isWhole: boolean } | undefined {
  return dictionariesBefore(text, () => true)[0];
}

function open(dictionary: string, data = '41>'): ReturnType<typeof openAll> {
  return openAll(Buffer.from(`%PDF-1.7\n1 0 obj\n<< ${dictionary} >>\nstream\n${data}\nendstream\nendobj\n`));
}

function chain(count: number): string {
  return `/Filter [${'/AHx '.repeat(count)}]`;
}

function chains(count: number): string {
  return Array.from({ length: count }, (_, i) => `/Filter [/AHx /X${i}]`).join(' ');
}

describe('PDF dictionaries', () => {
  it('reads names without comments, strings and escapes', () => {
    const found = first('1 0 obj << /Fil#74er%)\n[ /A#38#35 ] /T (a\\) (b) >>) /H <41> >>');
    assert.deepEqual([found?.text.trim(), found?.isWhole], ['<< /Filter [ /A85 ] /T () /H <> >>', true]);
  });

  it('does not let a name forge structure', () => {
    assert.deepEqual(filterValues(first('1 0 obj << /X#2fFilter#20#2fA /Filter /B >>')?.text ?? ''), ['/B']);
  });

  it('leaves out objects that ended before', () => {
    const found = dictionariesBefore('1 0 obj << /Filter /A >> endobj 22 3 obj << /B 1 >> ', () => true);
    assert.deepEqual(
      found.map(({ object, generation, text }) => [object, generation, text.trim()]),
      [[22, 3, '<< /B 1 >>']],
    );
  });

  it('stops when no more may be spent', () => {
    const text = '1 0 obj << (2 0 obj << (3 0 obj << ';
    assert.ok(dictionariesBefore(text, () => true).length > 1);
    assert.equal(dictionariesBefore(text, () => false).length, 1);
  });

  it('takes eight filters and no ninth', async () => {
    assert.deepEqual((await open(chain(8))).causes, []);
    assert.deepEqual((await open(chain(9))).causes, ['bomb']);
  });

  it('takes four different chains and no fifth', async () => {
    assert.deepEqual((await open(chains(4))).causes, []);
    assert.deepEqual((await open(chains(5))).causes, ['bomb']);
  });
});
