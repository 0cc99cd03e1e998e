import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { numberLists } from './number-lists.ts';

const TEXT = 'a harmless text';

function listOf(change: (code: number) => number, text = TEXT): string {
  return `a=[${Array.from(Buffer.from(text), change).join(',')}]`;
}

function addedTo(text: string): string {
  return `${listOf((code) => code + 700, text)};x(a[i]-700)`;
}

function said(script: string): string[] {
  return numberLists(Buffer.from(script)).map(String);
}

describe('a list of numbers', () => {
  it('is what it is after the change that the script names', () => {
    assert.deepEqual(said(`${listOf((code) => code + 700)};x(a[i]-700)`), [TEXT]);
    assert.deepEqual(said(`${listOf((code) => code ^ 0x155)};x(a[i]^0x155)`), [TEXT]);
    assert.deepEqual(said(`${listOf((code) => 300 - code)};x(300-a[i])`), [TEXT]);
  });

  it('is nothing where no change makes sense of it', () => {
    assert.deepEqual(said(`${listOf((code) => code + 700)};x(a[i]-640)`), []);
    assert.deepEqual(said(listOf((code) => code + 700)), []);
  });

  it('has twelve numbers or more', () => {
    assert.deepEqual(said(addedTo('twelve chars')), ['twelve chars']);
    assert.deepEqual(said(addedTo('elevenchars')), []);
  });

  it('is one of 64 in a text', () => {
    const others = `${listOf((code) => code + 700, 'x'.repeat(12))};`;
    const last = `${listOf((code) => code + 700)};x(a[i]-700)`;
    assert.ok(said(others.repeat(63) + last).includes(TEXT));
    assert.ok(!said(others.repeat(64) + last).includes(TEXT));
  });

  it('is read to its end however long it is, and no fault when nothing closes it', () => {
    const longer = TEXT.repeat(2_000);
    assert.deepEqual(said(addedTo(longer)), [longer]);
    const plain = `[${'12,13,'.repeat(1_000_000)}`;
    assert.deepEqual([said(plain), said(`${plain}1]`), said(`${plain}]`)], [[], [], []]);
  });

  it('is read in ways that add up to 16 MiB at most', () => {
    const count = 700_000;
    const list = `[${Array.from({ length: count }, () => 700 + 0x6d).join(',')}]`;
    const keys = Array.from({ length: 26 }, (_, key) => `x(a[i]-${689 + key});`).join('');
    const found = numberLists(Buffer.from(list + keys));
    assert.equal(found.length, Math.floor((16 * 1024 * 1024) / count));
  });

  it('may end with a comma', () => {
    const list = listOf((code) => code + 700).replace(']', ' , ]');
    assert.deepEqual(said(`${list};x(a[i]-700)`), [TEXT]);
  });

  it('has 1,048,576 numbers at most', () => {
    const text = 'some harmless text of sixteen'.slice(0, 16).repeat(65_536);
    assert.equal(said(addedTo(text))[0]?.length, text.length);
    assert.equal(said(addedTo(`${text}x`))[0]?.length, text.length);
  });
});
