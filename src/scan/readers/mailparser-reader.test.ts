import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QUICK_CORPUS, realisticMail } from '../../../test/corpus/realistic-mail.ts';
import { Budget, ScanLimitError } from '../budget.ts';
import type { Engine } from '../engines/engine.ts';
import { createPipeline, type PipelineParts } from '../pipeline.ts';
import type { Piece } from '../piece.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { MAX_LINES, readWithMailparser } from './mailparser-reader.ts';
import type { SecondReader } from './second-reader.ts';

const REGULAR = Buffer.from('From: a@b\r\nSubject: x\r\n\r\nhello');
const UNUSUAL = Buffer.from('From: a@b\r\nno field\r\nSubject: x\r\n\r\nhello');

function pipelineOf(
  secondReader: SecondReader,
  parts: Partial<PipelineParts> = {},
): ReturnType<typeof createPipeline> {
  const engines: Engine[] = [{ name: 'blind', inspect: () => [] }];
  const base = {
    engines,
    unpackers: [],
    limits: TEST_LIMITS,
    now: () => 0,
    sampleEvery: Number.MAX_SAFE_INTEGER,
  };
  return createPipeline({ ...base, secondReader, ...parts });
}

/** Counts its calls. */
function countingReader(): { readonly read: SecondReader; calls: number } {
  const counter = {
    calls: 0,
    read: () => {
      counter.calls += 1;
      return Promise.resolve([]);
    },
  };
  return counter;
}

/** Lines without what readers may differ in: line ends, blanks at ends, and how texts are joined. */
function essence(bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .split(/\r\n|\r|\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

/** mailparser writes a summary of an embedded message's header in words of its own. */
const SUMMARY = /^(?:From|To|Cc|Date|Subject|Reply-To): |mp_head|^<br\/>$|^<\/table>$/;

function budget(): Budget {
  return new Budget(TEST_LIMITS, () => 0);
}

async function causeWhenReaderFails(error: Error): Promise<string> {
  const failing: SecondReader = async () => {
    throw error;
  };
  const { verdict } = await pipelineOf(failing).scan(UNUSUAL, 'message');
  return verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
}

describe('the second reader', () => {
  it('reads unusual mail only, a sample, or everything when told so', async () => {
    const auto = countingReader();
    await pipelineOf(auto.read).scan(REGULAR, 'message');
    assert.equal(auto.calls, 0);
    await pipelineOf(auto.read).scan(UNUSUAL, 'message');
    assert.equal(auto.calls, 1);
    await pipelineOf(auto.read, { sampleEvery: 1 }).scan(REGULAR, 'message');
    assert.equal(auto.calls, 2);
    await pipelineOf(auto.read, { readers: 'both' }).scan(REGULAR, 'message');
    assert.equal(auto.calls, 3);
  });

  it('never makes a message clean by failing, and keeps its cause when it names one', async () => {
    assert.equal(await causeWhenReaderFails(new TypeError('x')), 'malformed');
    assert.equal(await causeWhenReaderFails(new ScanLimitError('timeout', 'x')), 'timeout');
  });

  it('adds its pieces to what is matched', async () => {
    const seen: string[] = [];
    const engine: Engine = {
      name: 'spy',
      inspect: (piece) => {
        seen.push(piece.path);
        return [];
      },
    };
    const piece: Piece = { path: 'other/1', bytes: Buffer.from('only there'), depth: 0 };
    await pipelineOf(() => Promise.resolve([piece]), { engines: [engine] }).scan(UNUSUAL, 'message');
    assert.ok(seen.includes('other/1'));
  });
});

describe('mailparser', () => {
  it('gives texts and attachments with their names', async () => {
    const message = Buffer.from(
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n' +
        'Content-Type: text/html\r\n\r\n<b>\r\n--b\r\nContent-Type: Image/PNG; name=a.png\r\n\r\nxyz\r\n--b--\r\n',
    );
    const pieces = await readWithMailparser(message, 'p/', budget());
    assert.deepEqual(
      pieces.map(({ path, type, name }) => ({ path, type, name })),
      [
        { path: 'p/mailparser/text', type: 'text/plain', name: undefined },
        { path: 'p/mailparser/html', type: 'text/html', name: undefined },
        { path: 'p/mailparser/1', type: 'image/png', name: 'a.png' },
      ],
    );
  });

  it('is stopped at the deadline and within the bytes that are left', async () => {
    let clock = 0;
    const late = new Budget(TEST_LIMITS, () => (clock += 6_000));
    await assert.rejects(readWithMailparser(Buffer.alloc(600_000, 'a\r\n'), '', late), ScanLimitError);
    const small = new Budget({ ...TEST_LIMITS, maxTotalBytes: 3 }, () => 0);
    await assert.rejects(readWithMailparser(REGULAR, '', small), ScanLimitError);
  });

  it('refuses more lines than its memory bears', async () => {
    const atLimit = await readWithMailparser(Buffer.alloc(MAX_LINES, '\n'), '', budget());
    assert.ok(atLimit.length <= 1);
    const over = Buffer.alloc(MAX_LINES + 1, '\n');
    await assert.rejects(readWithMailparser(over, '', budget()), ScanLimitError);
  });

  it('gives no ruins of data that a part calls text, and every word that is legible', async () => {
    const data = Buffer.from('504b0304140000000800b65a6e5cde8f11a7', 'hex').toString('latin1');
    const message = Buffer.from(`Content-Type: text/plain\r\n\r\n${data} word`, 'latin1');
    const [text] = await readWithMailparser(message, '', budget());
    assert.ok(text !== undefined);
    assert.ok(!Buffer.from(text.bytes).includes('PK\x03\x04'));
    assert.ok(Buffer.from(text.bytes).includes(' word'));
  });

  it('rejects a message beyond its own limits instead of leaving parts out', async () => {
    const parts = '--b\r\n\r\nx\r\n'.repeat(2_000);
    const message = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`);
    await assert.rejects(readWithMailparser(message, '', budget()));
  });

  it('finds nothing in ordinary mail that our own walk does not find', async () => {
    const messages = realisticMail({ ...QUICK_CORPUS, totalBytes: 2_000_000 });
    assert.ok(messages.length > 0);
    for (const { name, kind, bytes } of messages) {
      const ours = new Set<string>();
      const spy: Engine = {
        name: 'spy',
        inspect: (piece) => {
          for (const line of essence(piece.bytes)) {
            ours.add(line);
          }
          return [];
        },
      };
      await pipelineOf(() => Promise.resolve([]), { engines: [spy] }).scan(bytes, 'message');
      for (const piece of await readWithMailparser(bytes, '', budget())) {
        const theirs = essence(piece.bytes).filter((line) => !ours.has(line) && !SUMMARY.test(line));
        assert.deepEqual(theirs.slice(0, 3), [], `${name} (${kind}): ${piece.path}`);
      }
    }
  });
});
