import { Readable } from 'node:stream';
import { type Attachment, type ParsedMail, simpleParser } from 'mailparser';
import { type Budget, ScanLimitError } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { SecondReader } from './second-reader.ts';

const LF = 0x0a;

/** Fed at a time; between two feeds the deadline is looked at, because the parser has none. */
const FEED_BYTES = 256 * 1024;

/**
 * Conversions between HTML and text have each been quadratic and find nothing that the source does not hold; images
 * are attachments anyway.
 */
const OPTIONS = {
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipTextLinks: true,
  skipImageLinks: true,
  keepCidLinks: true,
};

function* feed(message: Buffer, budget: Budget): Generator<Buffer> {
  for (let at = 0; at < message.length; at += FEED_BYTES) {
    budget.checkTime();
    yield message.subarray(at, at + FEED_BYTES);
  }
}

/**
 * mailparser keeps a buffer for each line of a text, some hundred bytes of heap: eight million empty lines need a
 * gigabyte, and a worker has a quarter of that.
 */
export const MAX_LINES = 500_000;

/**
 * Its streams end in an event that refers to everything they have read until the event loop turns, and the rest of a
 * scan hardly ever lets it.
 */
async function eventLoopTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function refuseTooManyLines(message: Buffer): void {
  let lines = 0;
  for (let at = message.indexOf(LF); at !== -1; at = message.indexOf(LF, at + 1)) {
    lines += 1;
    if (lines > MAX_LINES) {
      throw new ScanLimitError(
        'bomb',
        `more than ${MAX_LINES} lines in a message that two readers have to read`,
      );
    }
  }
}

/**
 * mailparser as the second reader. Rejects with `ScanLimitError` at the deadline and with whatever the parser
 * throws (`EMAXLEN` beyond its own limits).
 */
export const readWithMailparser: SecondReader = async (message, prefix, budget) => {
  refuseTooManyLines(message);
  const stream = Readable.from(feed(message, budget), { objectMode: false });
  const mail = await simpleParser(stream, OPTIONS);
  await eventLoopTurn();
  budget.checkTime();
  const pieces = [
    ...texts(mail, prefix),
    ...mail.attachments.map((one, i) => attachment(one, `${prefix}mailparser/${i + 1}`)),
  ];
  for (const piece of pieces) {
    budget.spendBytes(piece.bytes.length);
  }
  return pieces.filter((piece) => piece.bytes.length > 0);
};

/**
 * A text that was data is in ruins when it comes as characters: what is left of it is not for unpackers. The data
 * themselves are read by our own walk.
 */
function legible(text: string): Buffer {
  return Buffer.from(text.includes('\uFFFD') ? text.replace(/[\uFFFD\0-\x08\x0E-\x1F]+/g, ' ') : text);
}

function texts(mail: ParsedMail, prefix: string): Piece[] {
  const found: Piece[] = [];
  if (mail.text !== undefined) {
    found.push({
      path: `${prefix}mailparser/text`,
      bytes: legible(mail.text),
      depth: 0,
      type: 'text/plain',
    });
  }
  if (typeof mail.html === 'string') {
    found.push({
      path: `${prefix}mailparser/html`,
      bytes: legible(mail.html),
      depth: 0,
      type: 'text/html',
    });
  }
  return found;
}

function attachment(one: Attachment, path: string): Piece {
  return {
    path,
    bytes: one.content,
    depth: 0,
    type: one.contentType.toLowerCase(),
    ...(one.filename === undefined ? {} : { name: one.filename }),
  };
}
