import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseAddressList } from './address-list.ts';

function kinds(text: string): string[] {
  const list = parseAddressList(text);
  assert.ok('entries' in list, JSON.stringify(list));
  return list.entries.map((entry) =>
    entry.kind === 'range' ? `${entry.first}-${entry.last}` : `${entry.network}/${entry.prefix}`,
  );
}

describe('lists of addresses', () => {
  it('takes single addresses, ranges, networks and masks of both families', () => {
    assert.deepEqual(kinds('10.0.0.5,10.0.0.1 - 10.0.0.9;10.0.0.0/8\n2001:db8::1\t2001:db8::/32'), [
      '10.0.0.5-10.0.0.5',
      '10.0.0.1-10.0.0.9',
      '10.0.0.0/8',
      '2001:db8::1-2001:db8::1',
      '2001:db8::/32',
    ]);
    assert.deepEqual(kinds('10.0.0.0/255.255.128.0, ::1-::ffff:1.2.3.4'), [
      '10.0.0.0/17',
      '::1-::ffff:1.2.3.4',
    ]);
  });

  it('takes the whole of a family, and one address as a network', () => {
    assert.deepEqual(kinds('0.0.0.0/0 ::/0 ::1/128 1.2.3.4/32'), [
      '0.0.0.0/0',
      '::/0',
      '::1/128',
      '1.2.3.4/32',
    ]);
  });

  it('names what it refuses', () => {
    for (const [text, bad] of [
      ['10.0.0.1, 10.0.0.256', '10.0.0.256'],
      ['10.0.0.9-10.0.0.1', '10.0.0.9-10.0.0.1'],
      ['2001:db8::2-2001:db8::1', '2001:db8::2-2001:db8::1'],
      ['10.0.0.1-::1', '10.0.0.1-::1'],
      ['10.0.0.0/33', '10.0.0.0/33'],
      ['::/129', '::/129'],
      ['10.0.0.0/255.0.255.0', '10.0.0.0/255.0.255.0'],
      ['mail.example.org', 'mail.example.org'],
      ['fe80::1%eth0', 'fe80::1%eth0'],
      ['10.0.0.0/8/8', '10.0.0.0/8/8'],
      ['  ', ''],
    ] as const) {
      const list = parseAddressList(text);
      assert.ok('bad' in list, text);
      assert.equal(list.bad, bad);
    }
  });

  it('takes 4096 entries and refuses one more', () => {
    assert.equal(kinds(Array.from({ length: 4096 }, () => '::1').join(' ')).length, 4096);
    assert.ok('bad' in parseAddressList(Array.from({ length: 4097 }, () => '::1').join(' ')));
  });
});
