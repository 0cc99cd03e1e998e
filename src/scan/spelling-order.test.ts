import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPipeline } from './pipeline.ts';
import { MAX_ANY_ORDER_BYTES } from './spelling-order.ts';
import { TEST_LIMITS } from './test-limits.ts';
import { createUnpackers } from './unpack/index.ts';

const MARKER = 'POSTERN-TEST';
const FIRST_PRINTED = 0x20;
const PRINTED = 95;
const LINE_BYTES = 72;

/** Every piece that the rules are asked about when `text` is the body of a mail. */
async function piecesOf(text: string): Promise<readonly Buffer[]> {
  const pieces: Buffer[] = [];
  const pipeline = createPipeline({
    engines: [
      {
        name: 'look',
        inspect: ({ bytes }) => {
          pieces.push(Buffer.from(bytes));
          return [];
        },
      },
    ],
    unpackers: createUnpackers(),
    limits: { ...TEST_LIMITS, timeMs: Number.MAX_SAFE_INTEGER },
    now: () => 0,
  });
  await pipeline.scan(Buffer.from(`From: a@example.org\r\nSubject: x\r\n\r\n${text}`), 'message');
  return pieces;
}

/** Lines of characters that are printed, the same each time and without any order. */
function noise(bytes: number): string {
  let seed = 1;
  const one = (): string => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(FIRST_PRINTED + ((seed >>> 16) % PRINTED));
  };
  return Array.from({ length: bytes }, (_, at) => (at % LINE_BYTES === 0 ? '\n' : one())).join('');
}

/** The marker in UTF-7, which begins with a plus sign; that is written as scripts write it. */
function escapedUtf7(): string {
  const wide = Buffer.from(MARKER, 'utf16le').swap16().toString('base64').replace(/=+$/, '');
  return `x = "\\x2b${wide}-";\n`;
}

async function isFound(text: string): Promise<boolean> {
  return (await piecesOf(text)).some((piece) => piece.includes(MARKER));
}

describe('the order in which a text is read', () => {
  it('is any for a text up to a limit, and that of programs for a longer one', async () => {
    const script = escapedUtf7();
    const shorter = script.length - 3; // when the escape is undone
    const filled = (bytes: number): string => `${script}${' '.repeat(bytes - shorter)}`;
    assert.equal(await isFound(filled(MAX_ANY_ORDER_BYTES)), true);
    assert.equal(await isFound(filled(MAX_ANY_ORDER_BYTES + 1)), false);
  });

  it('is not every order for long noise', async () => {
    const pieces = await piecesOf(noise(512 * 1024));
    assert.ok(pieces.length < 250, `${pieces.length} pieces`);
  });
});
