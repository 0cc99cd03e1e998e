/** Thread entry: one message in, one preview out, then it ends. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { type Attachment, type HeaderLines, simpleParser } from 'mailparser';
import type { MessagePreview } from './message-preview.ts';

const MAX_HEADERS = 100;
const MAX_HEADER_CHARACTERS = 1_000;
const MAX_TEXT_CHARACTERS = 20_000;
const MAX_PARTS = 100;
const MAX_NAME_CHARACTERS = 200;

/** No conversions: they are where hostile markup is expensive, and nobody is shown markup. */
const OPTIONS = {
  skipHtmlToText: true,
  skipTextToHtml: true,
  skipImageLinks: true,
  skipTextLinks: true,
  keepCidLinks: true,
} as const;

function headerOf({ line }: HeaderLines[number]): MessagePreview['headers'][number] {
  const [name = ''] = line.split(':', 1);
  const value = line
    .slice(name.length + 1)
    .replaceAll(/\s*\r?\n\s*/gu, ' ')
    .trim();
  return { name: name.slice(0, MAX_HEADER_CHARACTERS), value: value.slice(0, MAX_HEADER_CHARACTERS) };
}

function partOf({ filename = '', contentType, content }: Attachment): MessagePreview['parts'][number] {
  return {
    name: filename.slice(0, MAX_NAME_CHARACTERS),
    type: contentType.slice(0, MAX_NAME_CHARACTERS),
    bytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

/** Of a message that has HTML only: what is left without tags. It is shown as text, so nothing depends on this. */
function withoutTags(html: string): string {
  return html
    .slice(0, 10 * MAX_TEXT_CHARACTERS)
    .replaceAll(/<[^<>]{0,10000}>/gu, ' ')
    .replaceAll(/[ \t]+/gu, ' ')
    .replaceAll(/\s*\n\s*/gu, '\n')
    .trim();
}

async function preview(message: Uint8Array): Promise<MessagePreview> {
  const { headerLines, text, html, attachments } = await simpleParser(Buffer.from(message), OPTIONS);
  const all = text ?? (html === false ? '' : withoutTags(html));
  return {
    headers: headerLines.slice(0, MAX_HEADERS).map(headerOf),
    text: all.slice(0, MAX_TEXT_CHARACTERS),
    truncated:
      all.length > MAX_TEXT_CHARACTERS || headerLines.length > MAX_HEADERS || attachments.length > MAX_PARTS,
    parts: attachments.slice(0, MAX_PARTS).map(partOf),
  };
}

if (workerData instanceof Uint8Array) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(await preview(workerData));
}
