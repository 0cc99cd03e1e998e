import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GLANCE_BYTES, glanceAt } from './header-glance.ts';

const subjectOf = (header: string): string => glanceAt(Buffer.from(header, 'latin1')).subject;

const padding = (bytes: number): string => `X: ${'y'.repeat(bytes - 5)}\r\n`;

describe('a glance at the header', () => {
  it('decodes what RFC 2047 and RFC 6532 allow, over folded lines', () => {
    assert.equal(
      subjectOf('Subject: =?utf-8?B?w7ZsIHVuZA==?=\r\n =?iso-8859-1?q?_W=F6rter?=\r\n\r\n'),
      'öl und Wörter',
    );
    assert.equal(glanceAt(Buffer.from('SUBJECT: öl\r\n\r\n')).subject, 'öl');
    assert.equal(subjectOf('Subject: \xf6l\r\n\r\n'), 'öl');
  });

  it('leaves what it cannot decode as it is', () => {
    for (const text of ['=?none-such?q?a?=', '=?utf-8?x?a?=', '=?utf-8?q?a']) {
      assert.equal(subjectOf(`Subject: ${text}\r\n\r\n`), text);
    }
  });

  it('reads the first field of the header only, never the body', () => {
    assert.equal(subjectOf('Subject: one\r\nSubject: two\r\n\r\n'), 'one');
    assert.equal(subjectOf('X: y\r\n\r\nSubject: body\r\n\r\n'), '');
    assert.equal(subjectOf(''), '');
  });

  it('takes away what steers terminals, and cuts at 1000 characters', () => {
    assert.equal(subjectOf('Subject: a\u001b[31mb\0c\r\n\r\n'), 'a [31mb c');
    assert.equal(subjectOf(`Subject: ${'x'.repeat(1_000)}\r\n\r\n`).length, 1_000);
    assert.equal(subjectOf(`Subject: ${'x'.repeat(1_001)}\r\n\r\n`).length, 1_000);
  });

  it('looks no further than 64 KiB', () => {
    const field = 'Subject: found\r\n\r\n';
    assert.equal(subjectOf(padding(GLANCE_BYTES - field.length) + field), 'found');
    assert.equal(subjectOf(padding(GLANCE_BYTES) + field), '');
  });
});
