import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IMAP_LIMITS } from '../limits.ts';
import { FetchResponseReader } from './fetch-response-reader.ts';

interface Told {
  readonly reader: FetchResponseReader;
  readonly events: string[];
}

function listening(): Told {
  const events: string[] = [];
  const reader = new FetchResponseReader({
    onText: (item, text) => events.push(`${item.text}=${text}`),
    onString: (item, value) => events.push(`${item.text}="${value}"`),
    onLiteral: (item, header) => events.push(`${item.text}={${header.size}}`),
  });
  return { reader, events };
}

type Piece = string | { readonly size: number; readonly inline?: string; readonly binary?: boolean };

/** Feeds text and literal headers; `inline` is the value of a literal that is metadata. */
function read(...pieces: readonly Piece[]): Told {
  const told = listening();
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      told.reader.text(piece);
      continue;
    }
    const header = { size: piece.size, nonSync: false, binary: piece.binary ?? false };
    assert.equal(told.reader.literal(header), piece.inline === undefined ? 'content' : 'inline');
    if (piece.inline !== undefined) {
      told.reader.inline(piece.inline);
    }
  }
  return told;
}

function nested(depth: number) {
  return `FLAGS ${'('.repeat(depth)}${')'.repeat(depth)})`;
}

describe('FetchResponseReader', () => {
  it('tells metadata as it is written, and content by its kind', () => {
    const { events, reader } = read(
      'UID 7 FLAGS (\\Seen a/b) BODY[] ',
      { size: 5 },
      ' BODY[1] "x\\"y" BODY[2] NIL)',
    );
    assert.deepEqual(events, ['UID=7', 'FLAGS=(\\Seen a/b)', 'BODY[]={5}', 'BODY[1]="x"y"', 'BODY[2]=NIL']);
    assert.equal(reader.isDone, true);
  });

  it('keeps literals within lists in their place', () => {
    const { events } = read('ENVELOPE (NIL ', { size: 3, inline: 'a)b' }, ' ("x)")) UID 1)');
    assert.deepEqual(events, ['ENVELOPE=(NIL {3}\r\na)b ("x)"))', 'UID=1']);
  });

  it('puts a literal header name back into its section', () => {
    const { events } = read(
      'BODY[HEADER.FIELDS (',
      { size: 2, inline: 'To' },
      ' ',
      { size: 2, inline: 'Cc' },
      ')] "x")',
    );
    assert.deepEqual(events, ['BODY[HEADER.FIELDS ("To" "Cc")]="x"']);
  });

  it('judges an unknown list as text', () => {
    assert.deepEqual(read('X-FOO (a "b"))').events, ['X-FOO="(a "b")"']);
  });

  it('is lenient in blanks', () => {
    assert.deepEqual(read(' UID  7   FLAGS () ) ').events, ['UID=7', 'FLAGS=()']);
  });

  it('refuses what is not item and value in turn', () => {
    const bad = [
      'UID)',
      'UID 7 7',
      '"x" 5',
      'BODY[] 5)',
      'BODY[] (x) y)',
      'UID 7) x',
      'UID {5}x)',
      'UID a"b)',
    ];
    for (const text of [...bad, 'FLAGS ({5})', 'FLAGS ("a)', '(UID 7))']) {
      assert.throws(() => {
        const { reader } = read(text);
        assert.ok(reader.isDone, 'not refused and not done');
      }, text);
    }
  });

  it('refuses a literal8 outside of BINARY, and literals where no value stands', () => {
    assert.throws(() => read('BODY[] ', { size: 1, binary: true }));
    assert.deepEqual(read('BINARY[1] ', { size: 1, binary: true }, ')').events, ['BINARY[1]={1}']);
    assert.throws(() => read('', { size: 1 }));
    assert.throws(() => read('UID 7)', { size: 1 }));
  });

  it('takes the largest depth and refuses one more', () => {
    assert.equal(read(nested(IMAP_LIMITS.responseDepth)).reader.isDone, true);
    assert.throws(() => read(nested(IMAP_LIMITS.responseDepth + 1)));
  });

  it('takes the largest metadata literals, and bounds all of them together', () => {
    const { metadataLiteralBytes: large, metadataValueBytes: value, responseLineBytes: sum } = IMAP_LIMITS;
    assert.doesNotThrow(() => read('ENVELOPE (', { size: large, inline: '' }));
    assert.throws(() => read('ENVELOPE (', { size: large + 1, inline: '' }));
    assert.doesNotThrow(() => read('INTERNALDATE ', { size: value, inline: '' }));
    assert.throws(() => read('INTERNALDATE ', { size: value + 1, inline: '' }));
    const many = Array.from({ length: sum / large }, () => [{ size: large, inline: '' }, ' ']).flat();
    assert.doesNotThrow(() => read('ENVELOPE (', ...many));
    assert.throws(() => read('ENVELOPE (', ...many, { size: 1, inline: '' }));
  });
});
