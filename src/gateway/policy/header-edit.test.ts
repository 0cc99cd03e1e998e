import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { headerEdits, MAX_HEADER_BYTES, plainHeaderEnd } from './header-edit.ts';

const TAG = '[detection Eicar]';

function edited(message: string, tag: string, lines = '', padding = 0): string {
  const end = plainHeaderEnd(message);
  assert.ok(end !== undefined);
  let out = '';
  let at = 0;
  for (const { offset, remove, insert } of headerEdits(message, end, { tag, lines }, padding)) {
    out += message.slice(at, offset) + insert;
    at = offset + remove;
  }
  return (out + message.slice(at)).split('\r\n\r\n', 1)[0] ?? '';
}

function headerOf(bytes: number): string {
  return `${'A: '.padEnd(bytes - 4, 'x')}\r\n\r\n`;
}

describe('the tag before a subject', () => {
  it('stands before the subject, which stays as it is', () => {
    assert.equal(edited('A: b\r\nSubject: Hello\r\n\r\nx', TAG), `A: b\r\nSubject: ${TAG} Hello`);
    assert.equal(edited('subject:Hello\r\nA: b\r\n\r\nx', TAG), `subject: ${TAG} Hello\r\nA: b`);
    assert.equal(edited('SUBJECT:\r\n\r\nx', TAG), `SUBJECT: ${TAG}`);
    assert.equal(edited('Subject:\r\n Hello\r\n\r\nx', TAG), `Subject: ${TAG}\r\n Hello`);
  });

  it('leaves an encoded word whole and on a line that is short enough for one', () => {
    const short = '=?utf-8?Q?H=C3=A9llo?=';
    assert.equal(edited(`Subject: ${short}\r\n\r\nx`, TAG), `Subject: ${TAG} ${short}`);
    const long = `=?utf-8?B?${'QUJD'.repeat(12)}?=`;
    assert.equal(edited(`Subject: ${long}\r\n\r\nx`, TAG), `Subject: ${TAG}\r\n ${long}`);
  });

  it('folds at the limit of a line, and not before', () => {
    const room = 76 - `Subject: ${TAG} `.length;
    const fits = 'x'.repeat(room);
    assert.equal(edited(`Subject: ${fits}\r\n\r\n`, TAG), `Subject: ${TAG} ${fits}`);
    assert.equal(edited(`Subject: ${fits}x\r\n\r\n`, TAG), `Subject: ${TAG}\r\n ${fits}x`);
  });

  it('is before each of several subjects, since programs differ in which they show', () => {
    const lines = edited(`${'Subject: a\r\n'.repeat(4)}\r\n`, TAG).split('\r\n');
    assert.deepEqual(
      lines.map((line) => line.includes(TAG)),
      [true, true, true, false],
    );
  });

  it('makes a subject when there is none', () => {
    assert.equal(edited('A: b\r\n\r\nx', TAG), `A: b\r\nSubject: ${TAG}`);
  });
});

describe('result headers', () => {
  it('stand at the end of the header, and forged ones lose their name', () => {
    const forged = 'X-Postern-Result: clean\r\nx-postern-rule: none\r\nA: b\r\n\r\nx';
    assert.equal(
      edited(forged, '', 'X-Postern-Result: malicious\r\n'),
      'X-Forgery-Result: clean\r\nx-Forgery-rule: none\r\nA: b\r\nX-Postern-Result: malicious',
    );
  });

  it('take padding as blanks that mean nothing', () => {
    assert.equal(edited('A: b\r\n\r\nx', '', 'X-Postern-Result: m\r\n', 2), 'A: b\r\nX-Postern-Result:   m');
    assert.equal(edited('Subject: b\r\n\r\nx', TAG, '', 3), `Subject:    ${TAG} b`);
  });
});

describe('a header that programs read differently', () => {
  const ambiguous = [
    '\r\nbody',
    'A: b\r\nno end',
    'From a@b Mon\r\nA: b\r\n\r\n',
    ' starts with a blank\r\n\r\n',
    'A: b\r\n \t\r\nC: d\r\n\r\n',
    'A: b\nC: d\r\n\r\n',
    'A: b\rC: d\r\n\r\n',
    'A: b\0\r\n\r\n',
    'no field\r\n\r\n',
  ];
  for (const text of ambiguous) {
    it(`is left alone: ${JSON.stringify(text)}`, () => assert.equal(plainHeaderEnd(text), undefined));
  }

  it('is one that is too large', () => {
    assert.equal(plainHeaderEnd(headerOf(MAX_HEADER_BYTES)), MAX_HEADER_BYTES - 2);
    assert.equal(plainHeaderEnd(headerOf(MAX_HEADER_BYTES + 1)), undefined);
  });
});

it('whatever the header is, edits only insert behind a colon, at the end, or rename what is forged', () => {
  const line = fc.oneof(
    fc.constantFrom('Subject: a', 'Subject:', 'X-Postern-Result: x', ' folded', 'A: =?utf-8?Q?x?='),
    fc.string({ maxLength: 20 }),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const message = `${lines.join('\r\n')}\r\n\r\nbody`;
      const end = plainHeaderEnd(message);
      if (end === undefined) return;
      const out = edited(message, TAG, 'X-Postern-Result: m\r\n');
      assert.doesNotMatch(out, /\r\n\r\n/u);
      assert.ok(out.split('\r\n').every((one) => /^(?:[!-9;-~]+:|[ \t].*\S)/u.test(one)));
      const back = out.replaceAll(/ \[detection Eicar\](?:\r\n)?/gu, '').replaceAll('Forgery', 'Postern');
      assert.ok(back.includes(lines[0]?.slice(0, 8).replace(/^(x-)postern/iu, '$1Postern') ?? ''));
    }),
  );
});
