import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MARKER64 } from '../corpus/mime-evasions.ts';
import { corpusPipeline } from './corpus-pipeline.ts';

/** A server that ends the header at the empty line gives all of this for `TOP 1 0` or `HEADER.FIELDS.NOT (x)`. */
const FIRST_LINES = ['zzzz', '\0', ' zz', '\xe9\xe9 zz', 'From nobody'];

describe('a header alone, which some readers take for a whole message', () => {
  for (const first of FIRST_LINES) {
    it(`is judged as one: first line ${JSON.stringify(first)}`, async () => {
      const header = `${first}\r\nSubject: a\r\nContent-Type: application/octet-stream; name=a.com\r\nContent-Transfer-Encoding: base64\r\nzz zz\r\n${MARKER64}\r\n\r\n`;
      const { verdict } = await corpusPipeline('with marker').scan(Buffer.from(header, 'latin1'), 'message');
      assert.equal(verdict.kind, 'malicious');
    });
  }
});
