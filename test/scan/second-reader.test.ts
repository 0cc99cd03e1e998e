import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readWithMailparser } from '../../src/scan/readers/mailparser-reader.ts';
import type { SecondReader } from '../../src/scan/readers/second-reader.ts';
import { lookalikes } from '../corpus/lookalikes.ts';
import { MARKED } from '../corpus/technique.ts';
import { unreadableMail } from '../corpus/unreadable-mail.ts';
import { corpusPipeline } from './corpus-pipeline.ts';

/** Counts what the real second reader gave up on. */
function watched(): { reader: SecondReader; failures: () => number } {
  let failures = 0;
  const reader: SecondReader = async (bytes, prefix, budget) => {
    try {
      return await readWithMailparser(bytes, prefix, budget);
    } catch (error) {
      failures += 1;
      throw error;
    }
  };
  return { reader, failures: () => failures };
}

const refuses: SecondReader = () => Promise.reject(new TypeError('not a mail'));

describe('a message that mailparser cannot read', () => {
  for (const { name, message } of unreadableMail()) {
    it(`is not clean because of that: ${name}`, async () => {
      const { reader, failures } = watched();
      const pipeline = corpusPipeline('with marker', { readers: 'both', secondReader: reader });
      const { verdict } = await pipeline.scan(message('hello'), 'message');
      assert.ok(failures() > 0, 'mailparser read it');
      assert.equal(verdict.kind, 'unscannable');
    });

    it(`keeps what our own walk finds: ${name}`, async () => {
      const { verdict } = await corpusPipeline('with marker', { readers: 'both' }).scan(
        message(MARKED),
        'message',
      );
      assert.equal(verdict.kind, 'malicious');
    });
  }

  it('is unscannable whatever else is right about it', async () => {
    const pipeline = corpusPipeline('with marker', { readers: 'both', secondReader: refuses });
    for (const { name, message } of lookalikes().slice(0, 10)) {
      const { verdict } = await pipeline.scan(message, 'message');
      assert.equal(verdict.kind, 'unscannable', name);
    }
  });
});
