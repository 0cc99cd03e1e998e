import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { openAll, yields } from './open-all.ts';
import { inlineImages } from './pdf-inline-images.ts';

const MARKER = 'POSTERN-TEST-MARK';
const HIDDEN = Buffer.from(`${MARKER} and what stands behind it`);

function page(dictionary: string, data: Buffer, behind = '\nEI Q'): Buffer {
  const head = `q 10 0 0 10 0 0 cm BI /W 10 /H 10 /BPC 8 ${dictionary} ID `;
  return Buffer.concat([Buffer.from(head), data, Buffer.from(behind)]);
}

function documentOf(content: Buffer): Buffer {
  const head = `%PDF-1.7\n1 0 obj\n<</Length ${content.length}>>\nstream\n`;
  return Buffer.concat([Buffer.from(head), content, Buffer.from('\nendstream\nendobj\n%%EOF\n')]);
}

function hex(bytes: Buffer): Buffer {
  return Buffer.from(`${bytes.toString('hex')}>`);
}

describe('pictures in the program of a page', () => {
  for (const [dictionary, data] of [
    ['/F /Fl', deflateSync(HIDDEN)],
    ['/F [/AHx /Fl]', hex(deflateSync(HIDDEN))],
    ['/Filter /FlateDecode', deflateSync(HIDDEN)],
  ] as const) {
    it(`are decoded with ${dictionary}`, async () => {
      assert.equal(yields(await openAll(documentOf(page(dictionary, data))), MARKER), true);
    });
  }

  it('are decoded in a page that is compressed itself', async () => {
    const content = deflateSync(page('/F /Fl', deflateSync(HIDDEN)));
    const head = `%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length ${content.length}>>\nstream\n`;
    const file = Buffer.concat([Buffer.from(head), content, Buffer.from('\nendstream\nendobj\n')]);
    assert.equal(yields(await openAll(file), MARKER), true);
  });

  it('are none without a filter, and end with their word between blanks', () => {
    assert.deepEqual([...inlineImages(page('/CS /G', HIDDEN))], []);
    const [image] = inlineImages(page('/F /Fl', Buffer.from('aEIb')));
    assert.equal(image?.data.toString(), 'aEIb');
  });
});
