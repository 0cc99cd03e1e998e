import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll, yields } from './open-all.ts';
import { buildZip } from './zip-for-test.ts';

const MARKER = 'POSTERN-TEST';
const unpackers = createUnpackers();

/** Text that does not shrink much, the same each time. */
function words(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 'etaoin shrdlu'[(state >>> 24) % 13] ?? '';
  }).join('');
}

const text = Buffer.from(`${words(900)} ${MARKER} ${words(900)}`);

function lines(base64: string, width = 76): string {
  return base64.replace(new RegExp(`(.{${width}})`, 'g'), '$1\r\n');
}

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 255]), body]);
}

/** A regular file inside a text is opened, and no other reading of the same text calls it damaged. */
describe('readings of one text that contradict each other', () => {
  const zip = buildZip([{ name: 'a.txt', content: text }]);
  const gzip = gzipSync(text);
  const body = tlv(0x04, Buffer.from(`<html><p>${text.toString()}</p></html>`));
  const shapes: Record<string, Buffer> = {
    'base64 before the delimiter of a MIME part': Buffer.from(
      `Some words\r\n\r\n${lines(zip.toString('base64'))}\r\n--=_delimiter\r\n`,
    ),
    'base64 before a delimiter without another sign': Buffer.from(
      `Some words\r\n\r\n${lines(zip.toString('base64'))}\r\n--delimiter_of_parts\r\n`,
    ),
    'base64 behind a word and an empty line': Buffer.from(`begin\r\n\r\n${lines(zip.toString('base64'))}`),
    'base64 on one line behind two words': Buffer.from(`one\ntwenty\n${gzip.toString('base64')}\n`),
    'base64 of the second alphabet': Buffer.from(`var a = '${gzip.toString('base64url')}';`),
    'lines of a data address that are shorter than a run': Buffer.from(
      `<a href="data:application/gzip;base64,${lines(gzip.toString('base64'), 40)}">x</a>`,
    ),
    'gzip with a name of many letters': Buffer.concat([
      Buffer.from('1f8b0808000000000003', 'hex'),
      Buffer.from(`${'&#65;<b>'.repeat(400)}\0`),
      gzip.subarray(10),
    ]),
    'S/MIME around a page': tlv(0x30, Buffer.from('06092a864886f70d010701', 'hex'), tlv(0xa0, body)),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`reads ${shape}`, async () => {
      const opened = await openAll(bytes, { unpackers });
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.details, []);
    });
  }
});
