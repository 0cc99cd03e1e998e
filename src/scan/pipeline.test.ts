import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScanLimitError } from './budget.ts';
import type { Engine } from './engines/engine.ts';
import { neutralise } from './neutralise/neutralise.ts';
import { createPipeline, type PipelineParts, type PipelineResult } from './pipeline.ts';
import type { ScanSubject } from './scanner.ts';
import { TEST_LIMITS as LIMITS } from './test-limits.ts';
import type { Unpacker } from './unpack/unpacker.ts';

const MARKER = 'POSTERN-TEST';
const MARKER64 = Buffer.from(MARKER).toString('base64');

/** Finds the harmless marker, and remembers what it was shown. */
class MarkerEngine implements Engine {
  readonly name = 'marker';
  readonly seen: string[] = [];

  inspect(...[piece, sha256]: Parameters<Engine['inspect']>): ReturnType<Engine['inspect']> {
    this.seen.push(piece.path);
    return Buffer.from(piece.bytes).includes(MARKER)
      ? [
          {
            engine: this.name,
            rule: 'marker',
            namespace: 'test',
            class: 'malicious',
            severity: 'low',
            part: piece.path,
            sha256,
          },
        ]
      : [];
  }
}

function scan(
  message: string | Uint8Array,
  parts: Partial<PipelineParts> = {},
  subject: ScanSubject = 'message',
): Promise<PipelineResult> {
  const pipeline = createPipeline({
    engines: [new MarkerEngine()],
    unpackers: [],
    limits: LIMITS,
    now: () => 0,
    ...parts,
  });
  return pipeline.scan(typeof message === 'string' ? Buffer.from(message, 'latin1') : message, subject);
}

async function disarmed(message: string): Promise<string> {
  const bytes = Buffer.from(message, 'latin1');
  const { guilt } = await scan(message);
  for (const patch of neutralise(bytes, guilt, 'removed')) {
    bytes.set(patch.bytes, patch.offset);
  }
  return bytes.toString('latin1');
}

function multipart(...parts: string[]): string {
  const body = parts.map((part) => `--b\r\n${part}\r\n`).join('');
  return `From: a@b\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n${body}--b--\r\n`;
}

const TEXT = 'Content-Type: text/plain\r\n\r\nhello';
const BASE64 = `Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\n${MARKER64}`;

/** Opens `box:` pieces: what follows the colon is the content. */
const boxUnpacker: Unpacker = {
  name: 'box',
  recognises: (piece) => Buffer.from(piece.bytes).toString('latin1').startsWith('box:'),
  unpack: (piece, out) => out.emit('in/side', piece.bytes.subarray(4)),
};

describe('pipeline: verdicts', () => {
  it('calls a plain message clean', async () => {
    const { verdict, pieces } = await scan(multipart(TEXT));
    assert.deepEqual(verdict, { kind: 'clean' });
    assert.equal(pieces, 2);
  });

  it('names the part that matched', async () => {
    const { verdict } = await scan(multipart(TEXT, BASE64));
    assert.ok(verdict.kind === 'malicious');
    assert.deepEqual(
      verdict.findings.map((finding) => finding.part),
      ['2'],
    );
  });

  it('turns a throwing engine into engine-failed, and lets malicious win over it', async () => {
    const broken: Engine = {
      name: 'broken',
      inspect: () => {
        throw new TypeError('secret content');
      },
    };
    const { verdict } = await scan(multipart(TEXT), { engines: [broken] });
    assert.deepEqual(verdict, {
      kind: 'unscannable',
      cause: 'engine-failed',
      findings: [],
      detail: 'engine broken failed: TypeError',
    });
    const both = await scan(multipart(BASE64), { engines: [broken, new MarkerEngine()] });
    assert.equal(both.verdict.kind, 'malicious');
  });

  it('keeps what other pieces showed when one piece times out', async () => {
    const marker = new MarkerEngine();
    const engine: Engine = {
      name: 'slow',
      inspect: (piece, sha256, budget) => {
        if (piece.path === '1') {
          throw new ScanLimitError('timeout', 'too slow');
        }
        return marker.inspect(piece, sha256, budget);
      },
    };
    const { verdict } = await scan(multipart(TEXT, BASE64), { engines: [engine] });
    assert.equal(verdict.kind, 'malicious');
  });

  it('is unscannable once the time is up, and says suspicious only when all could be read', async () => {
    let clock = 0;
    const { verdict, guilt } = await scan(multipart(TEXT, BASE64), { now: () => (clock += 6_000) });
    assert.ok(verdict.kind === 'unscannable' && verdict.cause === 'timeout');
    assert.deepEqual(guilt, { kind: 'body' });
  });

  it('still matches the raw bytes of a message above the size limit', async () => {
    const message = multipart(`Content-Type: text/plain\r\n\r\n${MARKER}`);
    const at = await scan(message, { limits: { ...LIMITS, maxMessageBytes: message.length } });
    const over = await scan(multipart(TEXT), { limits: { ...LIMITS, maxMessageBytes: 10 } });
    const overAndGuilty = await scan(message, { limits: { ...LIMITS, maxMessageBytes: 10 } });
    assert.equal(at.verdict.kind, 'malicious');
    assert.ok(over.verdict.kind === 'unscannable' && over.verdict.cause === 'too-large');
    assert.equal(overAndGuilty.verdict.kind, 'malicious');
  });
});

describe('pipeline: pieces', () => {
  it('matches each digest once and the raw message without base64 that was decoded whole', async () => {
    const engine = new MarkerEngine();
    const other = BASE64.replace(MARKER64, Buffer.from('harmless.').toString('base64'));
    await scan(multipart(TEXT, other, other), { engines: [engine] });
    assert.deepEqual(engine.seen, ['raw', '1', '2']);
  });

  it('matches the raw message and what was admitted when there are too many pieces', async () => {
    const many = multipart(TEXT, TEXT.replace('hello', 'other'), BASE64);
    const at = await scan(many, { limits: { ...LIMITS, maxPieces: 3 } });
    assert.equal(at.verdict.kind, 'malicious');
    const over = await scan(many, { limits: { ...LIMITS, maxPieces: 2 } });
    assert.ok(over.verdict.kind === 'unscannable' && over.verdict.cause === 'bomb');
    assert.equal(over.pieces, 3);
  });

  it('opens containers, bounded in depth, and names what is inside', async () => {
    const nested = multipart(`Content-Type: application/x\r\n\r\n${'box:'.repeat(3)}${MARKER}x`);
    const engine = new MarkerEngine();
    await scan(nested, { engines: [engine], unpackers: [boxUnpacker] });
    assert.ok(engine.seen.includes('1/in_side/in_side/in_side'));
    const limits = { ...LIMITS, maxContainerDepth: 2 };
    const { verdict } = await scan(nested.replace(MARKER, 'x'), { unpackers: [boxUnpacker], limits });
    assert.ok(verdict.kind === 'unscannable' && verdict.cause === 'too-deep');
    const enough = { ...LIMITS, maxContainerDepth: 3 };
    assert.equal(
      (await scan(nested.replace(MARKER, 'x'), { unpackers: [boxUnpacker], limits: enough })).verdict.kind,
      'clean',
    );
  });

  it('does not open or match what is allowed by digest', async () => {
    const digest = (await scan(multipart(TEXT, BASE64))).verdict;
    assert.ok(digest.kind === 'malicious');
    const sha256 = digest.findings[0]?.sha256;
    const { verdict } = await scan(multipart(TEXT, BASE64), { isAllowed: (digest) => digest === sha256 });
    assert.equal(verdict.kind, 'clean');
  });

  it('reads messages in messages, plain and encoded', async () => {
    const inner = multipart(TEXT, BASE64);
    const plain = await scan(multipart(`Content-Type: message/rfc822\r\n\r\n${inner}`));
    const encoded = Buffer.from(inner).toString('base64');
    const sealed = await scan(
      multipart(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}`),
    );
    for (const { verdict } of [plain, sealed]) {
      assert.equal(verdict.kind, 'malicious');
    }
  });

  it('judges a fragment by itself', async () => {
    const { verdict, guilt } = await scan(`box:${MARKER}`, { unpackers: [boxUnpacker] }, 'fragment');
    assert.equal(verdict.kind, 'malicious');
    assert.deepEqual(guilt, { kind: 'ranges', ranges: [{ start: 0, end: 16, encoding: 'identity' }] });
  });
});

describe('pipeline: what unpackers are given', () => {
  it('is the words of the mail that may be a password, the likeliest first', async () => {
    let candidates: readonly string[] = [];
    const asking: Unpacker = {
      name: 'asking',
      recognises: (piece) => piece.path === '2',
      unpack: (_, out) => {
        candidates = out.passwords();
      },
    };
    const text = 'Content-Type: text/plain\r\n\r\nThe password is Sesame-4711.';
    await scan(multipart(text, BASE64), { unpackers: [asking] });
    assert.ok(candidates.includes('Sesame-4711'));
    assert.ok(candidates.length <= 200);
  });

  it('is a budget that bounds one object and the expansion of one piece', async () => {
    const inflating: Unpacker = {
      name: 'inflating',
      recognises: (piece) => piece.path === '2',
      unpack: (_, out) => out.emit('big', Buffer.alloc(1000)),
    };
    const causeWith = async (limits: Partial<typeof LIMITS>): Promise<string> => {
      const { verdict } = await scan(multipart(TEXT, BASE64.replace(MARKER64, 'AAAA')), {
        unpackers: [inflating],
        limits: { ...LIMITS, ...limits },
      });
      return verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
    };
    assert.equal(await causeWith({ maxObjectBytes: 1000 }), 'clean');
    assert.equal(await causeWith({ maxObjectBytes: 999 }), 'bomb');
    assert.equal(await causeWith({ ratioFloorBytes: 1000, maxRatio: 2 }), 'clean');
    assert.equal(await causeWith({ ratioFloorBytes: 999, maxRatio: 2 }), 'bomb');
  });

  it('ends in a verdict when they fail, named by the unpacker', async () => {
    const failing: Unpacker = {
      name: 'failing',
      recognises: () => true,
      unpack: () => Promise.reject(new RangeError('content')),
    };
    const { verdict } = await scan(multipart(TEXT), { unpackers: [failing] });
    assert.ok(verdict.kind === 'unscannable' && verdict.cause === 'malformed');
    assert.equal(verdict.detail, 'unpacker failing failed: RangeError');
  });

  it('reads no other spelling of a message as one more message', async () => {
    const spelling: Unpacker = {
      name: 'spelling',
      recognises: (piece) => piece.bytes.length > 10,
      unpack: (piece, out) => out.emit('shorter', piece.bytes.subarray(0, piece.bytes.length - 1)),
    };
    const inner = Buffer.from(multipart(TEXT)).toString('base64');
    const message = multipart(
      TEXT,
      `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${inner}`,
    );
    const { verdict, pieces } = await scan(message, { unpackers: [spelling] });
    assert.ok(verdict.kind === 'unscannable' && verdict.cause === 'too-deep');
    assert.ok(pieces < 200);
  });

  it('opens no content twice, so that an archive which contains itself ends', async () => {
    const quine: Unpacker = {
      name: 'quine',
      recognises: (piece) => piece.depth > 0 || piece.path === '2',
      unpack: (piece, out) => out.emit('again', piece.bytes),
    };
    const { verdict } = await scan(multipart(TEXT, BASE64.replace(MARKER64, 'AAAA')), { unpackers: [quine] });
    assert.equal(verdict.kind, 'clean');
  });
});

describe('pipeline: the heaviest cause wins', () => {
  it('so that what is delivered by default never hides what is not', async () => {
    const troubled: Unpacker = {
      name: 'troubled',
      recognises: (piece) => piece.path === '1',
      unpack: (_, out) => {
        out.cannot('encrypted', 'a');
        out.cannot('bomb', 'b');
        out.cannot('too-large', 'c');
      },
    };
    const { verdict, guilt } = await scan(multipart(TEXT, BASE64.replace(MARKER64, 'AAAA')), {
      unpackers: [troubled],
    });
    assert.ok(verdict.kind === 'unscannable' && verdict.cause === 'bomb' && verdict.detail === 'b');
    assert.equal(guilt.kind, 'ranges');
  });
});

describe('pipeline: guilt', () => {
  it('is the range of each leaf that carries the guilty digest, and of nothing else', async () => {
    const text = await disarmed(multipart(TEXT, BASE64, BASE64));
    assert.ok(text.includes('hello'));
    assert.equal(text.includes(MARKER64), false);
    assert.equal(text.match(/cmVtb3ZlZCMj/g)?.length, 2);
  });

  it('is the outermost encoded leaf for what was inside a container or an encoded message', async () => {
    const inner = Buffer.from(multipart(TEXT, BASE64)).toString('base64');
    const message = multipart(
      TEXT,
      `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${inner}`,
    );
    const { guilt } = await scan(message);
    assert.deepEqual(guilt, {
      kind: 'ranges',
      ranges: [
        { start: message.indexOf(inner), end: message.indexOf(inner) + inner.length, encoding: 'base64' },
      ],
    });
  });

  it('is the inner leaf for a message that is embedded as it is', async () => {
    const text = await disarmed(
      multipart(TEXT, `Content-Type: message/rfc822\r\n\r\n${multipart(TEXT, BASE64)}`),
    );
    assert.equal(text.match(/hello/g)?.length, 2);
    assert.equal(text.includes(MARKER64), false);
  });

  it('is the leaf also for plain text, which the raw message shows as well', async () => {
    const text = await disarmed(multipart(TEXT, `Content-Type: text/plain\r\n\r\nxx ${MARKER} xx`));
    assert.ok(text.includes('hello') && text.includes('--b--'));
    assert.equal(text.includes(MARKER), false);
  });

  it('is the body when the marker stands where no leaf is', async () => {
    const { guilt } = await scan(`Subject: ${MARKER}\r\n\r\nhello`);
    assert.deepEqual(guilt, { kind: 'body' });
  });
});

describe('pipeline: guilt that has to be proven', () => {
  /** The walk met something unusual: a boundary that is never closed. */
  const unusual = multipart(TEXT, BASE64).replace('--b--\r\n', '');

  it('is read again without its ranges, and not where nobody will overwrite them', async () => {
    for (const [verdictsOnly, scans, kind] of [
      [false, 2, 'ranges'],
      [true, 1, 'body'],
    ] as const) {
      const engine = new MarkerEngine();
      const { verdict, guilt } = await scan(unusual, { engines: [engine], verdictsOnly });
      assert.equal(verdict.kind, 'malicious');
      assert.equal(guilt.kind, kind);
      assert.equal(engine.seen.filter((path) => path === 'raw').length, scans);
    }
  });

  it('is known without that where everything was usual', async () => {
    const { guilt } = await scan(multipart(TEXT, BASE64), { verdictsOnly: true });
    assert.equal(guilt.kind, 'ranges');
  });
});

describe('pipeline: fragments', () => {
  it('are guilty as a whole whatever went wrong, for they have no header to spare', async () => {
    let clock = 0;
    const { guilt } = await scan('Subject: x', { now: () => (clock += 6_000) }, 'fragment');
    assert.deepEqual(guilt, { kind: 'ranges', ranges: [{ start: 0, end: 10, encoding: 'identity' }] });
  });
});

describe('pipeline: shared memory', () => {
  it('reads a message in shared memory without a change', async () => {
    const message = Buffer.from(multipart(TEXT, BASE64));
    const shared = new Uint8Array(new SharedArrayBuffer(message.length));
    shared.set(message);
    const result = await scan(shared);
    assert.deepEqual(result, await scan(message));
    assert.deepEqual(Buffer.from(shared), message);
  });
});
