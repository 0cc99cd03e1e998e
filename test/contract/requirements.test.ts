import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { EXCLUSION_KINDS } from '../../src/gateway/exclusions/exclusions.ts';

const FILES = ['docs/REQUIREMENTS.md', 'docs/PLACEMENT.md'];
/** The sentences of the two lists. */
const WANTED = [
  ...Array.from({ length: 28 }, (_, index) => `A${index}`),
  ...Array.from({ length: 19 }, (_, index) => `B${index}`),
];

/** As the hosts of repositories make them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(/\s/g, '-'),
  );
}

describe('the exclusions', () => {
  for (const kind of EXCLUSION_KINDS) {
    it(`of kind ${kind} are shown to be counted in the ledger under their cause`, () => {
      const files = ['test/app/exclusions.test.ts', 'test/app/tls-exclusions.test.ts'];
      const shown = files.map((path) => readFileSync(path, 'utf8')).join('');
      assert.ok(shown.includes(`unscanned(fixture, 'excluded-${kind}'), 1)`), kind);
    });
  }
});

describe('the requirements', () => {
  it('are all in the table, each with a proof', () => {
    const rows = readFileSync('docs/REQUIREMENTS.md', 'utf8')
      .split('\n')
      .filter((line) => /^\| [AB]\d/.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    assert.deepEqual(rows.flatMap(([, ids = '']) => ids.split(' ')).toSorted(), WANTED.toSorted());
    for (const [, ids, , met, proof = ''] of rows) {
      assert.ok(['yes', 'partly', 'no'].includes(met ?? ''), ids);
      assert.ok(proof.length > 20, ids);
    }
  });

  for (const file of FILES) {
    it(`link to what is there: ${file}`, () => {
      const links = [...readFileSync(file, 'utf8').matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)];
      assert.ok(links.length > 0);
      for (const [link, path = '', anchor] of links) {
        const target = path === '' ? file : join(dirname(file), path);
        assert.ok(existsSync(target), link);
        if (anchor !== undefined) assert.ok(anchorsOf(readFileSync(target, 'utf8')).includes(anchor), link);
      }
    });
  }
});
