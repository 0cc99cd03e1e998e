import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { CONFIG_KEYS } from '../../src/base/config/keys.ts';
import { createMetrics } from '../../src/base/metrics.ts';
import { IMAP_LIMITS } from '../../src/gateway/imap/limits.ts';
import * as pop3Limits from '../../src/gateway/pop3/limits.ts';

const TEXT = readFileSync('docs/LIMITS.md', 'utf8');

/** Cells of every table row below the heading that begins with `title`. */
function rowsBelow(title: string): readonly (readonly string[])[] {
  const section = TEXT.split(/^## /mu).find((one) => one.startsWith(title)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
}

const number = (cell: string | undefined) => Number((cell ?? '').replaceAll(' ', ''));

function documented(title: string): Record<string, number> {
  return Object.fromEntries(rowsBelow(title).map(([, name = '', value]) => [name, number(value)]));
}

/** `const NAME = 8 * 1024;` in a source file, as a number. */
function constantIn(file: string, name: string): number {
  const found = new RegExp(`const ${name} = ([\\d_ *]+);`, 'u').exec(readFileSync(file, 'utf8'))?.[1];
  assert.ok(found !== undefined, `${file} has no number ${name}: correct docs/LIMITS.md`);
  return found
    .split('*')
    .map((factor) => Number(factor.trim().replaceAll('_', '')))
    .reduce((product, factor) => product * factor, 1);
}

describe('docs/LIMITS.md', () => {
  it('names every limit of the configuration with its default', () => {
    const limits = CONFIG_KEYS.filter(
      ({ path, kind }) =>
        kind === 'number' &&
        (/^(?:limits|scan)$/u.test(path[0] ?? '') || /Ms$|^max/u.test(path.at(-1) ?? '')),
    );
    assert.ok(limits.length > 20);
    const expected = limits.map(({ path, node }) => [path.join('.'), node.default]);
    assert.deepEqual(documented('Configurable'), Object.fromEntries(expected));
  });

  it('names every limit of IMAP and of POP3 with its value', () => {
    assert.deepEqual(documented('Fixed: IMAP'), { ...IMAP_LIMITS });
    assert.deepEqual(documented('Fixed: POP3'), { ...pop3Limits });
  });

  it('has the values that the source has', () => {
    const rows = rowsBelow('Fixed: elsewhere');
    assert.ok(rows.length > 10);
    for (const [, name = '', file = '', value] of rows) {
      assert.equal(number(value), constantIn(file, name), `${file} ${name}`);
    }
  });

  it('points to metrics that exist', () => {
    const names = new Set(
      Object.values(createMetrics(new Registry())).map((metric) => Reflect.get(metric, 'name')),
    );
    const mentioned = TEXT.match(/postern_[a-z_]+/gu) ?? [];
    assert.ok(mentioned.length > 20);
    assert.deepEqual(
      mentioned.filter((name) => !names.has(name)),
      [],
    );
  });
});
