import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAscii85Unpacker } from './ascii85-text.ts';
import { MarkIndex } from './mark-search.ts';
import { openAll, yields, type Opened } from './open-all.ts';

const MARKER = 'POSTERN-TEST';
const file = Buffer.from(`'${MARKER}\\ ${'filler line\n'.repeat(9)}\0\0\0\0!!!!`.padEnd(160, '.'));
const RFC_1924 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';

/** Groups of four bytes as five digits of an alphabet. */
function encode(digit: (value: number) => string, bytes = file): string {
  const groups = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(index * 4));
  return groups
    .map((group) =>
      [85 ** 4, 85 ** 3, 85 ** 2, 85, 1].map((place) => digit(Math.floor(group / place) % 85)).join(''),
    )
    .join('');
}

const adobe = encode((value) => String.fromCharCode(0x21 + value));
const rfc = encode((value) => RFC_1924[value] ?? '');

function open(text: string): Promise<Opened> {
  return openAll(Buffer.from(text, 'latin1'), { unpackers: [createAscii85Unpacker(new MarkIndex())] });
}

describe('base 85', () => {
  const escaped = adobe.replace(/[\\']/g, '\\$&');
  const shapes: Record<string, string> = {
    'a file between marks': `<~${adobe.replace(/(.{60})/g, '$1\r\n')}~>\r\n`,
    'a string of JavaScript': `var x = '<~${escaped}~>';`,
    'a string of PowerShell': `$x = '<~${adobe.replaceAll("'", "''")}~>'`,
    'a raw string of Python': `exec(base64.a85decode(r'''${adobe}'''))`,
    'the alphabet of RFC 1924': `exec(base64.b85decode("${rfc}"))`,
    PostScript: `%!PS\ncurrentfile /ASCII85Decode filter\n${adobe.replace(/(.{60})/g, '$1\n')}~>\n`,
    'hex in PostScript': `%!PS\ncurrentfile /ASCIIHexDecode filter\n${file.toString('hex')}>\n`,
  };
  for (const [shape, text] of Object.entries(shapes)) {
    it(`reads ${shape}`, async () => {
      const opened = await open(text);
      assert.equal(yields(opened, `${MARKER}\\ filler`), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('takes no arrows for marks', async () => {
    const opened = await open(`a <~ b, ${'some words and a tilde ~ here. '.repeat(9)} c ~> d`);
    assert.deepEqual(opened.pieces, []);
  });

  it('reads 32 characters and not 31', async () => {
    assert.equal((await open(`<~${'a'.repeat(32)}~>`)).pieces.length, 1);
    assert.equal((await open(`<~${'a'.repeat(31)}~>${' '.repeat(9)}`)).pieces.length, 0);
  });

  it('ends with bomb where it grows beyond the limit for one object', async () => {
    assert.ok((await open(`<~${'z'.repeat(7_000_000)}~>`)).causes.includes('bomb'));
  });
});
