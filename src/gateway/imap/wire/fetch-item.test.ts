import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ItemClass, readFetchItem } from './fetch-item.ts';

function classOf(text: string): ItemClass {
  return readFetchItem(text, 0).item.class;
}

describe('readFetchItem', () => {
  it('reads name, section and range, and says where it ends', () => {
    const { item, end } = readFetchItem('(body.peek[header.fields ("From"  Subject)]<5.10> x', 1);
    assert.deepEqual(item, {
      name: 'BODY.PEEK',
      section: 'HEADER.FIELDS (FROM SUBJECT)',
      origin: 5,
      length: 10,
      text: 'body.peek[header.fields ("From"  Subject)]<5.10>',
      class: 'slice',
    });
    assert.equal(end, 49);
  });

  it('knows what every item carries', () => {
    const classes: readonly (readonly [ItemClass, readonly string[]])[] = [
      ['whole', ['BODY[]', 'BODY.PEEK[]', 'RFC822', 'rfc822.peek']],
      ['slice', ['BODY[]<0>', 'BODY[1]', 'BODY[1.2.MIME]', 'BODY[TEXT]', 'RFC822.TEXT', 'BODY[2.HEADER]']],
      ['slice', ['BODY[HEADER]<0>', 'BODY[2.HEADER.FIELDS (A)]', 'BODY[ANYTHING]']],
      ['decoded', ['BINARY[1]', 'BINARY.PEEK[]', 'BINARY[1]<0>']],
      ['header', ['BODY[HEADER]', 'BODY[HEADER.FIELDS (A)]', 'BODY[HEADER.FIELDS.NOT (A)]', 'RFC822.HEADER']],
      ['metadata', ['FLAGS', 'uid', 'BODY', 'BODYSTRUCTURE', 'ENVELOPE', 'BINARY.SIZE[1]', 'X-GM-LABELS']],
      ['hidden', ['PREVIEW', 'SNIPPET', 'ANNOTATION']],
      ['unknown', ['X-ANYTHING', 'FLAGS[1]', 'BODY.PEEK', 'BINARY', 'RFC822.HEADER.LINES']],
    ];
    for (const [expected, items] of classes) {
      for (const text of items) {
        assert.equal(classOf(text), expected, text);
      }
    }
  });

  it('refuses what is malformed', () => {
    const bad = ['', '(', '[]', 'BODY[', 'BODY["]', 'BODY[]<', 'BODY[]<>', 'BODY[]<a.1>', 'BODY[]<1.2.3>'];
    for (const text of [...bad, 'BODY[]<12345678901>', 'FLAGS<0>', 'RFC822<0.5>', 'A"B']) {
      assert.throws(() => readFetchItem(text, 0), text);
    }
  });

  it('takes names of 64 characters and refuses longer ones', () => {
    assert.equal(readFetchItem('X'.repeat(64), 0).end, 64);
    assert.throws(() => readFetchItem('X'.repeat(65), 0));
  });
});
