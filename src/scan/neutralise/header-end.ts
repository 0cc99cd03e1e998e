const LF = 0x0a;
const CR = 0x0d;

/** A field name is at most this long; a longer "name" is not a field that any client shows. */
const MAX_FIELD_NAME_BYTES = 128;

/** How a field may start: mbox `From ` and its escape, then RFC 5322 `ftext` up to a colon, blanks before it (obs-). */
const FIELD = /^[!-9;-~]{1,128}[ \t]*:/;
const MBOX_FROM = /^>?From /;

function lineEnd(message: Uint8Array, from: number): { readonly end: number; readonly next: number } {
  let end = from;
  while (end < message.length && message[end] !== LF && message[end] !== CR) {
    end += 1;
  }
  const isPair = message[end] === CR && message[end + 1] === LF;
  return { end, next: Math.min(message.length, end + (isPair ? 2 : 1)) };
}

function isBlankLine(message: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    if (message[i] !== 0x20 && message[i] !== 0x09) {
      return false;
    }
  }
  return true;
}

function belongsToHeader(message: Uint8Array, start: number, end: number): boolean {
  const first = message[start];
  if (start > 0 && (first === 0x20 || first === 0x09)) {
    return true;
  }
  const head = Buffer.from(message.subarray(start, Math.min(end, start + MAX_FIELD_NAME_BYTES + 8)));
  const text = head.toString('latin1');
  return FIELD.test(text) || (start === 0 && MBOX_FROM.test(text));
}

/**
 * Where the part begins that may be overwritten when the whole body has to go. The header is as short as any
 * client could read it: CR, LF and CRLF all end a line, and the first line that is blank or is neither a field nor
 * a continuation ends it, so no place where some client could start to read a body is left in clear. What is
 * kept, the genuine first fields, is what ENVELOPE already told the client.
 */
export function topHeaderEnd(message: Uint8Array): number {
  let start = 0;
  while (start < message.length) {
    const { end, next } = lineEnd(message, start);
    if (isBlankLine(message, start, end)) {
      return Math.min(message.length, end === start ? start : next);
    }
    if (!belongsToHeader(message, start, end)) {
      return start;
    }
    start = next;
  }
  return message.length;
}
