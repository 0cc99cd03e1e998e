import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScanLimits } from '../budget.ts';
import { createPipeline } from '../pipeline.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import type { Verdict } from '../verdict.ts';
import { MAX_DELIMITERS, type Split, splitMultipart } from './multipart.ts';

const TOP = 'From: a@example.org\r\nMIME-Version: 1.0\r\n';

async function judge(message: string, limits: Partial<ScanLimits> = {}): Promise<Verdict> {
  const pipeline = createPipeline({
    engines: [{ name: 'blind', inspect: () => [] }],
    unpackers: [],
    limits: { ...TEST_LIMITS, ...limits },
    now: () => performance.now(),
    secondReader: () => Promise.resolve([]),
  });
  const { verdict } = await pipeline.scan(Buffer.from(message, 'latin1'), 'message');
  return verdict;
}

async function causeOf(message: string, limits: Partial<ScanLimits> = {}): Promise<string> {
  const verdict = await judge(message, limits);
  return verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
}

function parts(count: number): string {
  const body = Array.from(
    { length: count },
    (_, i) => `--b\r\nContent-Type: text/plain\r\n\r\npart ${i}\r\n`,
  ).join('');
  return `${TOP}Content-Type: multipart/mixed; boundary=b\r\n\r\n${body}--b--\r\n`;
}

function nested(levels: number): string {
  let entity = 'Content-Type: text/plain\r\n\r\nx';
  for (let i = 0; i < levels; i += 1) {
    entity = `Content-Type: multipart/mixed; boundary=b${i}x\r\n\r\n--b${i}x\r\n${entity}\r\n--b${i}x--\r\n`;
  }
  return TOP + entity;
}

function fields(count: number): string {
  return `${'X-A: b\r\n'.repeat(count)}\r\nhello`;
}

function headerOf(bytes: number): string {
  return `X-A: ${'b'.repeat(bytes - 9)}\r\n\r\nhello`;
}

/** A message whose header names `count` boundaries, all of which occur. */
function ambiguous(count: number): string {
  const names = Array.from({ length: count }, (_, i) => `x${i}y`);
  const delimiters = names.map((name) => `--${name}\r\n\r\ntext\r\n`).join('');
  const parameters = names.map((name) => `boundary=${name}`).join('; ');
  return `${TOP}Content-Type: multipart/mixed; ${parameters}\r\n\r\n${delimiters}`;
}

function uuencoded(count: number): string {
  return `${TOP}\r\n${'begin 644 a\r\n#86)C\r\n'.repeat(count)}`;
}

function yencoded(count: number): string {
  return `${TOP}\r\n${'=ybegin name=a\r\nxyz\r\n'.repeat(count)}`;
}

function mailbox(count: number): string {
  return `${TOP}Content-Type: application/mbox\r\n\r\n${'From x\n\n'.repeat(count)}`;
}

/** Paths of what is given out of a message, and its bytes. */
async function piecesOf(message: string): Promise<(readonly [path: string, bytes: Buffer])[]> {
  const seen: (readonly [string, Buffer])[] = [];
  const pipeline = createPipeline({
    engines: [{ name: 'spy', inspect: ({ path, bytes }) => (seen.push([path, Buffer.from(bytes)]), []) }],
    unpackers: [],
    limits: TEST_LIMITS,
    now: () => performance.now(),
    secondReader: () => Promise.resolve([]),
  });
  await pipeline.scan(Buffer.from(message), 'message');
  return seen;
}

/** How many texts are given out of so many messages in each other, a text of 100 KB in the innermost. */
async function readTexts(levels: number): Promise<number> {
  const header = 'Content-Type: text/plain\r\n\r\n';
  const pieces = await piecesOf(`${header.repeat(levels + 1)}${'some words '.repeat(9_091)}`);
  return pieces.filter(([path, bytes]) => path !== 'raw' && bytes.includes('Content-Type')).length;
}

describe('limits of reading: at the limit passes, one over fails', () => {
  it('parts, the message itself being one', async () => {
    assert.equal(await causeOf(parts(9), { maxParts: 10 }), 'clean');
    assert.equal(await causeOf(parts(10), { maxParts: 10 }), 'bomb');
  });

  it('nesting of multiparts and messages', async () => {
    assert.equal(await causeOf(nested(5), { maxMimeDepth: 5 }), 'clean');
    assert.equal(await causeOf(nested(6), { maxMimeDepth: 5 }), 'too-deep');
  });

  it('nesting through encoded messages', async () => {
    let message = `${TOP}\r\nhello`;
    for (let i = 0; i < 3; i += 1) {
      const body = Buffer.from(message).toString('base64');
      message = `${TOP}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}`;
    }
    assert.equal(await causeOf(message, { maxMimeDepth: 3 }), 'clean');
    assert.equal(await causeOf(message, { maxMimeDepth: 2 }), 'too-deep');
  });

  it('bytes and fields of one header', async () => {
    assert.equal(await causeOf(headerOf(500), { maxHeaderBytes: 500 }), 'clean');
    assert.equal(await causeOf(headerOf(502), { maxHeaderBytes: 500 }), 'bomb');
    assert.equal(await causeOf(fields(20), { maxHeaderFields: 20 }), 'clean');
    assert.equal(await causeOf(fields(21), { maxHeaderFields: 20 }), 'bomb');
  });

  it('readings of one part', async () => {
    assert.equal(await causeOf(ambiguous(4), { maxViews: 4 }), 'suspicious');
    assert.equal(await causeOf(ambiguous(5), { maxViews: 4 }), 'malformed');
  });

  it('decoded bytes', async () => {
    const message = `${TOP}Content-Transfer-Encoding: base64\r\n\r\n${Buffer.alloc(900, 'x y').toString('base64')}`;
    assert.equal(await causeOf(message, { maxTotalBytes: 900 }), 'clean');
    assert.equal(await causeOf(message, { maxTotalBytes: 899 }), 'bomb');
  });

  it('a text beside those that were enough is given out as well', async () => {
    const seen: string[] = [];
    const pipeline = createPipeline({
      engines: [{ name: 'spy', inspect: ({ bytes }) => (seen.push(Buffer.from(bytes).toString()), []) }],
      unpackers: [],
      limits: TEST_LIMITS,
      now: () => performance.now(),
      secondReader: () => Promise.resolve([]),
    });
    const header = 'Content-Type: text/plain\r\n\r\n';
    const nested = `--b\r\n${header.repeat(20)}${'some words '.repeat(9_091)}`;
    const beside = 'Subject: a text\r\nTo: all\r\n\r\nof lines';
    const parts = `${nested}\r\n--b\r\n${header}${beside}\r\n--b--\r\n`;
    await pipeline.scan(Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}`), 'message');
    assert.ok(seen.includes(beside));
  });

  it('texts that are messages as well, a megabyte together of a short message', async () => {
    assert.equal(await readTexts(10), 10);
    assert.equal(await readTexts(11), 10);
  });

  it('uuencode without its first line, once for messages in each other', async () => {
    const header = 'Content-Transfer-Encoding: x-uuencode\r\n\r\n';
    const pieces = await piecesOf(`${header.repeat(3)}#86)C\r\n`);
    assert.deepEqual(
      pieces.filter(([path]) => path.endsWith('/uu')).map(([, bytes]) => bytes.toString()),
      ['abc'],
    );
  });

  it('files in one text and messages in one mailbox', async () => {
    assert.equal(await causeOf(uuencoded(100)), 'clean');
    assert.equal(await causeOf(uuencoded(101)), 'bomb');
    assert.equal(await causeOf(yencoded(100)), 'clean');
    assert.equal(await causeOf(yencoded(101)), 'bomb');
    assert.equal(await causeOf(mailbox(1000)), 'clean');
    assert.equal(await causeOf(mailbox(1001)), 'bomb');
  });
});

describe('parts that cannot be judged by themselves', () => {
  it('are unscannable: one piece of a message that was sent in several mails', async () => {
    const message = `${TOP}Content-Type: message/partial; id=a; number=2; total=3\r\n\r\nhello`;
    assert.equal(await causeOf(message), 'malformed');
  });
});

/** Each stalls a parser that looks back, joins strings or nests calls; a second each is generous. */
const BOMBS: Readonly<Record<string, string>> = {
  'very many parts': `${TOP}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(50_000)}`,
  'very many parts without a boundary': `${TOP}Content-Type: multipart/mixed\r\n\r\n${'--x\r\nContent-Type: a/b\r\n\r\n'.repeat(20_000)}`,
  'deep nesting': nested(500),
  'messages in messages': `${`${TOP}Content-Type: message/rfc822\r\n\r\n`.repeat(5_000)}x`,
  'very many fields': 'X-A: b\r\n'.repeat(100_000),
  'one huge field': `X-A: ${'a'.repeat(1_000_000)}\r\n\r\nhello`,
  'a header of carriage returns': `${'X: y\r'.repeat(60_000)}\r\n\r\nx`,
};
const HARMLESS_FLOODS: Readonly<Record<string, string>> = {
  'very many folds': `${TOP}X-A: b${'\r\n b'.repeat(50_000)}\r\n\r\nhello`,
  'encoded words without end': `${TOP}Subject: ${'=?utf-8?q?'.repeat(20_000)}\r\n\r\nhello`,
  'open comments': `${TOP}Content-Type: text/plain ${'('.repeat(100_000)}\r\n\r\nhello`,
  'half a parameter name': `${TOP}Content-Type: ${'bound'.repeat(40_000)}\r\n\r\nx`,
  'blanks before a missing equals sign': `${TOP}Content-Type: a/b; boundary${' '.repeat(200_000)}x\r\n\r\nx`,
  'segments of a parameter': `${TOP}Content-Type: a/b; ${Array.from({ length: 9_000 }, (_, i) => `boundary*${i}=a`).join('; ')}\r\n\r\nx`,
  'a body of dashes with an empty boundary': `${TOP}Content-Type: multipart/mixed; boundary=""\r\n\r\n${'-'.repeat(1_000_000)}`,
  'one base64 character a line': `${TOP}Content-Transfer-Encoding: base64\r\n\r\n${'U\r\n'.repeat(300_000)}`,
  'padding after every byte': `${TOP}Content-Transfer-Encoding: base64\r\n\r\n${'UA=='.repeat(200_000)}`,
  'nothing but soft breaks': `${TOP}Content-Transfer-Encoding: quoted-printable\r\n\r\n${'=\r\n'.repeat(200_000)}`,
  'blanks at a line end': `${TOP}Content-Transfer-Encoding: quoted-printable\r\n\r\n${' '.repeat(1_000_000)}x`,
  'carriage returns only': `${TOP}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'\r'.repeat(500_000)}`,
  'escape sequences only': `${TOP}\r\n${'\x1b(B'.repeat(300_000)}`,
  'half a field': `${TOP}\r\n${'content-t'.repeat(100_000)}`,
};

describe('input made to stop a parser', () => {
  for (const [name, message] of Object.entries(BOMBS)) {
    it(`is refused: ${name}`, async () => {
      const cause = await causeOf(message);
      assert.ok(cause === 'bomb' || cause === 'too-deep', cause);
    });
  }

  for (const [name, message] of Object.entries(HARMLESS_FLOODS)) {
    it(`is read to its end in time: ${name}`, async () => {
      assert.equal(await causeOf(message), 'clean');
    });
  }
});

function split(count: number): Split {
  const body = Buffer.from('--b--\r\n'.repeat(count));
  return splitMultipart(body, 0, body.length, 'b');
}

describe('delimiters of one multipart', () => {
  it('are all read below the limit', () => {
    assert.equal(split(MAX_DELIMITERS - 1).isCut, false);
  });

  it('are a bomb from the limit on', async () => {
    assert.equal(split(MAX_DELIMITERS).isCut, true);
    const flood = '--b--\r\n'.repeat(MAX_DELIMITERS);
    assert.equal(await causeOf(`${TOP}Content-Type: multipart/mixed; boundary=b\r\n\r\n${flood}`), 'bomb');
  });
});

describe('a page below a header that is in doubt', () => {
  const top = `From: a@example.org\r\nSubject : news\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n`;
  const rows = Array.from({ length: 20 }, (_, row) => `<td>row ${row}</td>\r\n`).join('');

  it('is read once, not from each of its first lines, though they hold colons', async () => {
    const read: string[] = [];
    const pipeline = createPipeline({
      engines: [{ name: 'spy', inspect: ({ path, bytes }) => (read.push(`${path} ${bytes.length}`), []) }],
      unpackers: [],
      limits: TEST_LIMITS,
      now: () => performance.now(),
      secondReader: () => Promise.resolve([]),
    });
    const page = `<style>.a{color:red}</style>\r\n${rows}`;
    await pipeline.scan(Buffer.from(top + page), 'message');
    assert.deepEqual(
      read.filter((one) => one.startsWith('1 ')),
      [`1 ${page.length}`],
    );
  });
});

/** The decoded headers of a message of so many parts that have names in escapes. */
async function decodedNames(count: number): Promise<string> {
  const seen: string[] = [];
  const pipeline = createPipeline({
    engines: [
      {
        name: 'collecting',
        inspect: ({ path, bytes }) => {
          seen.push(path.endsWith('header') ? Buffer.from(bytes).toString() : '');
          return [];
        },
      },
    ],
    unpackers: [],
    limits: TEST_LIMITS,
    now: () => performance.now(),
    secondReader: () => Promise.resolve([]),
  });
  const body = Array.from(
    { length: count },
    (_, i) => `--b\r\nContent-Type: text/plain; name*=''%41${i}z\r\n\r\npart ${i}\r\n`,
  ).join('');
  const message = `${TOP}Content-Type: multipart/mixed; boundary=b\r\n\r\n${body}--b--\r\n`;
  await pipeline.scan(Buffer.from(message, 'latin1'), 'message');
  return seen.join('\n');
}

describe('words in the headers of parts', () => {
  it('are decoded in a hundred of them', async () => {
    assert.match(await decodedNames(100), /^A99z$/m);
    assert.doesNotMatch(await decodedNames(101), /^A100z$/m);
  });
});
