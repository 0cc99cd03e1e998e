import { inflateRawSync } from 'node:zlib';
import { headerValue, parseMimeStructure, type MimePart } from '../server/mime-structure.ts';

/** The demo's archives hold one small file; a bound all the same. */
const MAX_INFLATED_BYTES = 1024 * 1024;

/** The raw message, every leaf decoded, and what is in a zip: everywhere the demo hides something. */
export function decodedViews(message: Buffer): readonly Buffer[] {
  const leaves = decodedLeaves(message, parseMimeStructure(message));
  return [message, ...leaves, ...leaves.flatMap(unzipped)];
}

/** Is `wanted` in one of the views, line breaks apart? */
export function matches(views: readonly Buffer[], wanted: string | RegExp): boolean {
  return views.some((view) => {
    const text = view.toString('latin1').replace(/[\r\n]/g, '');
    return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
  });
}

function decodedLeaves(message: Buffer, part: MimePart): Buffer[] {
  const inner = [...part.children, ...(part.message === undefined ? [] : [part.message])];
  if (inner.length > 0) {
    return inner.flatMap((child) => decodedLeaves(message, child));
  }
  const encoded = message.subarray(part.bodyStart, part.end);
  const encoding = headerValue(part.headers, 'content-transfer-encoding')?.toLowerCase();
  return [decode(encoded, encoding ?? '7bit')];
}

function decode(encoded: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case 'base64':
      return Buffer.from(encoded.toString('latin1'), 'base64');
    case 'quoted-printable':
      return decodeQuotedPrintable(encoded.toString('latin1'));
    default:
      return encoded;
  }
}

function decodeQuotedPrintable(text: string): Buffer {
  const joined = text.replace(/=\r\n/g, '');
  const decoded = joined.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(decoded, 'latin1');
}

/** The first file of a zip archive; nothing when it is none. */
function unzipped(file: Buffer): Buffer[] {
  if (file.length < 30 || !file.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))) {
    return [];
  }
  const start = 30 + file.readUInt16LE(26) + file.readUInt16LE(28);
  const packed = file.subarray(start, start + file.readUInt32LE(18));
  return [inflateRawSync(packed, { maxOutputLength: MAX_INFLATED_BYTES })];
}
