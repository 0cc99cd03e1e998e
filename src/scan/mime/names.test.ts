import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTypeMismatchEngine } from '../engines/type-mismatch-engine.ts';
import { createPipeline } from '../pipeline.ts';
import { TEST_LIMITS } from '../test-limits.ts';

const RUNS = 'invoice.pdf.js';
const HARMLESS = 'invoice-2026.pdf';

const hex = (name: string): string =>
  [...Buffer.from(name)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const word = (name: string): string => `=?utf-8?B?${Buffer.from(name).toString('base64')}?=`;
const latin = (name: string): string => Buffer.from(name).toString('latin1');

/** Ways to write a name into Content-Disposition, or into Content-Type with `name` for `filename`. */
const SPELLINGS: Readonly<Record<string, (name: string) => string>> = {
  quoted: (name) => `; filename="${name}"`,
  'not quoted, with a blank': (name) => `; filename=my ${name}`,
  'in single quotes': (name) => `; filename='${name}'`,
  'in quotes that are not closed': (name) => `; filename="${name}`,
  'with every letter escaped': (name) => `; filename="${name.split('').join('\\')}"`,
  'behind a folder': (name) => `; filename="C:\\\\tmp\\\\${name}"`,
  'behind a comment': (name) => `; (x) filename = (y) "${name}" (z)`,
  'with a comment inside': (name) => `; filename=${name.slice(0, -3)}(x)${name.slice(-3)}`,
  'without a semicolon': (name) => ` filename="${name}"`,
  'first of two': (name) => `; filename="${name}"; filename="a.txt"`,
  'last of two': (name) => `; filename="a.txt"; filename="${name}"`,
  'beside an extended one': (name) => `; filename="a.txt"; filename*=utf-8''${hex(name)}`,
  'in segments': (name) => `; filename*0="${name.slice(0, 9)}"; filename*1="${name.slice(9)}"`,
  'in segments, the last first': (name) =>
    `; filename*1="${name.slice(9)}"; filename*0="${name.slice(0, 9)}"`,
  'in segments with a gap': (name) => `; filename*0="${name.slice(0, 9)}"; filename*2="${name.slice(9)}"`,
  'in segments from one on': (name) => `; filename*1="${name.slice(0, 9)}"; filename*2="${name.slice(9)}"`,
  'in segments with leading zeros': (name) =>
    `; filename*00="${name.slice(0, 9)}"; filename*01="${name.slice(9)}"`,
  'in segments, one extended': (name) =>
    `; filename*0*=utf-8''${hex(name.slice(0, 9))}; filename*1="${name.slice(9)}"`,
  'in escapes that nothing announces': (name) => `; filename="${hex(name)}"`,
  'in an encoded word': (name) => `; filename="${word(name)}"`,
  'in two encoded words': (name) => `; filename="${word(name.slice(0, 9))}\r\n ${word(name.slice(9))}"`,
  'before a NUL': (name) => `; filename="${name}\0.txt"`,
  'before an encoded NUL': (name) => `; filename*=utf-8''${name}%00.txt`,
  'with a NUL inside': (name) => `; filename="${name.slice(0, -1)}\0${name.slice(-1)}"`,
  'with a stream': (name) => `; filename="${name}::$DATA"`,
  'in bytes of UTF-8, with fillers of Hangul': (name) =>
    `; filename="${latin(`${name.slice(0, -3)}\u3164\u115f${name.slice(-3)}`)}"`,
  'in bytes of UTF-8, with a joiner': (name) =>
    `; filename="${latin(`${name.slice(0, -1)}\u200b${name.slice(-1)}`)}"`,
};

function named(name: string): string {
  return `Content-Disposition: attachment; filename="${name}"`;
}

function mail(...fields: readonly string[]): Buffer {
  const parts = fields.map(
    (field) => `--b\r\n${field}\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8gdGhlcmU=\r\n`,
  );
  const top =
    'From: a@b\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n';
  return Buffer.from(`${top}${parts.join('')}--b--\r\n`, 'latin1');
}

/** Rules of the findings; the second reader sees nothing, so that our own walk stands alone. */
async function rulesFor(message: Buffer): Promise<string[]> {
  const pipeline = createPipeline({
    engines: [createTypeMismatchEngine()],
    unpackers: [],
    limits: TEST_LIMITS,
    now: () => 0,
    secondReader: () => Promise.resolve([]),
  });
  const { verdict } = await pipeline.scan(message, 'message');
  return 'findings' in verdict ? [...new Set(verdict.findings.map(({ rule }) => rule))] : [];
}

describe('the name of a file', () => {
  for (const [how, spell] of Object.entries(SPELLINGS)) {
    it(`is read ${how}`, async () => {
      for (const field of ['Content-Disposition: attachment', 'Content-Type: application/octet-stream']) {
        const written = (name: string): string =>
          `${field}${field.includes('Type') ? spell(name).replaceAll('filename', 'name') : spell(name)}`;
        assert.deepEqual(await rulesFor(mail(written(RUNS))), ['double-extension'], field);
        assert.deepEqual(await rulesFor(mail(written(HARMLESS))), [], field);
      }
    });
  }

  it('is read in every field, and in every part that has the same content', async () => {
    assert.deepEqual(await rulesFor(mail(`${named('a.txt')}\r\n${named(RUNS)}`)), ['double-extension']);
    assert.deepEqual(await rulesFor(mail(named('a.txt'), named(RUNS))), ['double-extension']);
    assert.deepEqual(await rulesFor(mail(named('a.txt'), named(HARMLESS))), []);
  });

  it('is shown in the direction that its raw bytes give it', async () => {
    const turned = latin('invoice\u202efdp.exe');
    const field = `Content-Disposition: attachment; filename="${turned}"`;
    assert.deepEqual(await rulesFor(mail(field)), ['direction-override-in-name']);
  });
});
