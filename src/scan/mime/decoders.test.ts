import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import { decodeText } from './charset.ts';
import { decodedFields } from './file-name.ts';
import { createPipeline } from '../pipeline.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import type { Unpacker } from '../unpack/unpacker.ts';
import { base64Readings, looksLikeBase64 } from './base64-readings.ts';
import { decodeBase64 } from './base64.ts';
import { decodeWords, fileNames } from './file-name.ts';
import { createInlineDecoders } from './inline/index.ts';
import { MarkIndex } from '../unpack/mark-search.ts';
import { decodeQuotedPrintable } from './quoted-printable.ts';

function lines(text: string, width: number, newline: string): string {
  return (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(newline);
}

/** What the inline decoders make of `bytes`, as latin1 texts. */
async function inline(bytes: Buffer, facts: Partial<Piece> = {}): Promise<string[]> {
  const piece: Piece = { path: '1', bytes, depth: 0, ...facts };
  const found: string[] = [];
  const out = {
    budget: new Budget(TEST_LIMITS, () => 0),
    emit: (_: string, content: Uint8Array) => void found.push(Buffer.from(content).toString('latin1')),
    cannot: () => undefined,
    passwords: () => [],
  };
  for (const decoder of createInlineDecoders(new MarkIndex()).all.filter((one: Unpacker) =>
    one.recognises(piece),
  )) {
    await decoder.unpack(piece, out);
  }
  return found;
}

function looks(text: string): boolean {
  return looksLikeBase64(Buffer.from(text), 0, text.length);
}

describe('base64', () => {
  it('is decoded as Node does when it is well formed, whatever the width of its lines', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(4, 10, 60, 72, 76, 1000),
        fc.constantFrom('\r\n', '\n'),
        fc.constantFrom('', '\r\n', '\n\n', ' '),
        (content, width, newline, tail) => {
          const body = Buffer.from(
            `xx${lines(Buffer.from(content).toString('base64'), width, newline)}${tail}`,
          );
          const { bytes, regular } = decodeBase64(body, 2, body.length);
          assert.deepEqual(bytes, Buffer.from(content));
          assert.ok(regular);
        },
      ),
    );
  });

  it('crosses the edges of slices', () => {
    for (const size of [57 * 628, 57 * 629, 57 * 630, 200_000]) {
      const content = Buffer.alloc(size, 'abcdefg');
      const body = Buffer.from(lines(content.toString('base64'), 76, '\r\n'));
      const { bytes, regular } = decodeBase64(body, 0, body.length);
      assert.ok(regular && bytes.equals(content));
    }
  });

  it('is irregular as soon as decoders may differ', () => {
    for (const text of [
      'UE9T.VEVS',
      'UE8=U1Q=',
      'UE9T-VEVSTi1',
      'UE9',
      'UE9T=',
      'UE9TVE==\r\nx',
      'UE9T_w==',
    ]) {
      assert.equal(decodeBase64(Buffer.from(text), 0, text.length).regular, false, text);
    }
  });

  it('is read in all ways that real decoders have', () => {
    const readings = base64Readings(Buffer.from('UE8=U1Q='), 0, 8).map((read) => read().toString('latin1'));
    assert.ok(readings.includes('POST'));
    assert.ok(readings.includes('PO'));
    const url = base64Readings(Buffer.from('-_-_'), 0, 4).map((read) => read().toString('hex'));
    assert.ok(url.includes('fbffbf'));
  });

  it('reads base64 as a decoder does that passes over whole lines', () => {
    const text = Buffer.from('UE9TVEVS\r\nX-Note: a line [of text]\r\nTg==\r\n');
    const readings = base64Readings(text, 0, text.length).map((read) => read().toString('latin1'));
    assert.ok(readings.includes('POSTERN'));
    const plain = Buffer.from('UE9T\r\nVEVSTg==\r\n');
    const count = base64Readings(plain, 0, plain.length).length;
    assert.equal(count, 1, 'nothing to pass over');
  });

  it('is told from text by its first lines', () => {
    assert.ok(looks('UE9TVEVSTi1URVNU\r\nUE9T'));
    assert.equal(looks('Hello,\r\nhow are you'), false);
    assert.equal(looks('Internationalisation is a long word'), false);
  });
});

describe('quoted-printable', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const encoded = Buffer.from(
          [...content].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
        );
        const soft = Buffer.from(lines(encoded.toString(), 75, '=\r\n'));
        const { bytes, regular } = decodeQuotedPrintable(soft, 0, soft.length);
        assert.ok(regular);
        assert.deepEqual(bytes, Buffer.from(content));
      }),
    );
  });

  it('lets an equals sign that means nothing stand', () => {
    const body = Buffer.from('a=zz=3Db=');
    const { bytes, regular } = decodeQuotedPrintable(body, 0, body.length);
    assert.equal(bytes.toString(), 'a=zz=b');
    assert.equal(regular, false);
  });
});

describe('names', () => {
  it('are decoded from encoded words, RFC 2231 and its segments', () => {
    assert.deepEqual(fileNames(new Map([['filename', '=?utf-8?b?w6QudHh0?=']])), ['ä.txt']);
    assert.deepEqual(fileNames(new Map([['filename*', "utf-8''%C3%A4.txt"]])), ['ä.txt']);
    assert.deepEqual(
      fileNames(
        new Map([
          ['filename*0*', "utf-8''%C3%A4"],
          ['filename*1', '.txt'],
        ]),
      ),
      ['ä.txt'],
    );
    assert.deepEqual(
      fileNames(
        new Map([
          ['filename', 'a.txt'],
          ['filename*', "utf-8''a.exe"],
        ]),
      ),
      ['a.exe', 'a.txt'],
    );
    assert.equal(decodeWords('=?utf-8?q?a=20?= =?utf-8?q?b?='), 'a b');
    assert.equal(decodeWords('=?no-such-charset?q?a?='), 'a');
  });
});

/** RFC 1741 by the book, without runs. */
function binhex(name: string, data: Buffer): string {
  const letters = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr';
  const header = Buffer.alloc(1 + name.length + 1 + 4 + 4 + 2 + 4 + 4 + 2);
  header[0] = name.length;
  header.write(name, 1);
  header.writeUInt32BE(data.length, name.length + 12);
  const file = Buffer.concat([header, data, Buffer.alloc(4)]);
  let bits = '';
  for (const byte of file) {
    bits += byte === 0x90 ? '1001000000000000' : byte.toString(2).padStart(8, '0');
  }
  const groups = bits.match(/.{1,6}/g) ?? [];
  const text = groups.map((group) => letters[Number.parseInt(group.padEnd(6, '0'), 2)]).join('');
  return `(This file must be converted with BinHex 4.0)\r\n:${lines(text, 64, '\r\n')}:\r\n`;
}

describe('encodings inside a text', () => {
  it('are decoded: BinHex, with a run marker in its data', async () => {
    const data = Buffer.from('harmless \x90 data of a file', 'latin1');
    assert.ok((await inline(Buffer.from(binhex('a.bin', data)))).includes(data.toString('latin1')));
  });

  it('are read under the declared charset: EBCDIC and Cyrillic', async () => {
    const ebcdic = Buffer.from('d7d6e2e3c5d9d560e3c5e2e3', 'hex');
    assert.ok((await inline(ebcdic, { charset: 'ibm037', type: 'text/plain' })).includes('POSTERN-TEST'));
    const cyrillic = Buffer.from('f0f2e9f7e5f4', 'hex');
    const [text = ''] = await inline(cyrillic, { charset: 'koi8-r', type: 'text/plain' });
    assert.equal(Buffer.from(text, 'latin1').toString(), 'ПРИВЕТ');
  });

  it('are not read under a charset that does not exist, nor twice under the same label', async () => {
    const page = Buffer.from('<meta charset=3D"utf-8">Grüße');
    assert.deepEqual(await inline(page), []);
    const pipeline = createPipeline({
      engines: [{ name: 'blind', inspect: () => [] }],
      unpackers: [],
      limits: TEST_LIMITS,
      now: () => 0,
    });
    const message = Buffer.from('Content-Type: text/html\r\n\r\n<meta charset="koi8-r">\xf0\xd2', 'latin1');
    const { verdict, pieces } = await pipeline.scan(message, 'message');
    assert.equal(verdict.kind, 'clean');
    assert.equal(pieces, 3);
  });

  it('are not looked for in what is plain text or a binary file', async () => {
    assert.deepEqual(await inline(Buffer.from('Hello, how are you? I begin 644 things a day = a lot.')), []);
    assert.deepEqual(await inline(Buffer.from([0, 1, 2, 3, 0x1b, 0x28, 0x42, 0, 0, 7])), []);
    assert.deepEqual(await inline(Buffer.from('Grüße'), { charset: 'utf-8', type: 'text/plain' }), []);
  });
});

describe('text in ISO-2022-JP', () => {
  it('has no character for an escape with which nothing is written', () => {
    const text = Buffer.from('PO\u001b$B\u001b(J\u001b(BST\u001b$B%F\u001b(B.', 'latin1');
    assert.equal(decodeText(text, 'iso-2022-jp'), 'POST\u30c6.');
  });
});

function escapedNames(count: number): string {
  return Array.from({ length: count }, (_, i) => `X-${i}: name*=utf-8''%61${i}\r\n`).join('');
}

describe('fields with encoded words', () => {
  it('are joined where the field is folded between two of them', () => {
    const halves = ['POSTERN', '-TEST'].map((half) => Buffer.from(half).toString('base64'));
    const header = `To: b\r\nSubject: =?utf-8?B?${halves[0]}?=\r\n =?iso-8859-1?B?${halves[1]}?=\r\nDate: x\r\n`;
    assert.equal(decodedFields(header), 'Subject: POSTERN-TEST');
  });

  it('have the names that are written in escapes, in parts in any order', () => {
    const parts = "Content-Disposition: inline; filename*1*=N%2DTEST;\r\n filename*0*=utf-8''POSTER\r\n";
    assert.equal(decodedFields(parts).split('\n')[0], 'POSTERN-TEST');
    assert.match(decodedFields("Content-Type: a/b; name*=utf-8''%50OST\r\nX: y\r\n"), /^POST$/m);
    assert.equal(decodedFields("Content-Type: a/b; name*=utf-8''POST\r\n"), '');
  });

  it('are looked at up to 16 of those with names', () => {
    assert.match(decodedFields(escapedNames(16)), /a15/);
    assert.doesNotMatch(decodedFields(escapedNames(17)), /a16/);
  });
});
