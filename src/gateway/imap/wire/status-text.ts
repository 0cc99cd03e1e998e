import { readQuoted } from './nodes.ts';
import { IMAP_LIMITS } from '../limits.ts';

/** `resp-text` of RFC 9051 section 7.1: an optional code in brackets and free text. */
export interface StatusText {
  /** Upper-case code name; absent without a code. */
  readonly code: string | undefined;
  /** What follows the name inside the brackets, as written. */
  readonly codeArguments: string;
  /** Free text, safe to pass on. */
  readonly text: string;
}

/** Reads the text of OK, NO, BAD, BYE or PREAUTH. A code that never closes (Exchange) is read as free text. */
export function readStatusText(text: string): StatusText {
  const end = text.startsWith('[') ? codeEnd(text) : undefined;
  if (end === undefined) {
    return { code: undefined, codeArguments: '', text: safeText(text) };
  }
  const inner = text.slice(1, end);
  const space = inner.indexOf(' ');
  return {
    code: (space === -1 ? inner : inner.slice(0, space)).toUpperCase(),
    codeArguments: space === -1 ? '' : inner.slice(space + 1),
    text: safeText(text.slice(end + 1).trimStart()),
  };
}

/** Codes that would walk the client round the gateway or open another door to content. */
const DROPPED_CODES = new Set(['REFERRAL', 'URLMECH', 'NEWNAME']);

/** The text again as it may reach a client: canonical, without announced literals. */
export function renderStatusText(status: StatusText): string {
  const text = status.text === '' ? 'done' : status.text;
  const keepsCode = status.code !== undefined && !DROPPED_CODES.has(status.code);
  if (!keepsCode || status.codeArguments.includes('{')) {
    return text;
  }
  const inner = status.codeArguments === '' ? status.code : `${status.code} ${status.codeArguments}`;
  return `[${inner}] ${text}`;
}

/** The position of the closing bracket, or nothing. Quoted strings inside may hold one. */
function codeEnd(text: string): number | undefined {
  for (let index = 1; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === ']') {
      return index;
    }
    if (char === '"') {
      const end = quotedEnd(text, index);
      if (end === undefined) {
        return undefined;
      }
      index = end - 1;
    }
  }
  return undefined;
}

function quotedEnd(text: string, position: number): number | undefined {
  try {
    return readQuoted(text, position, true).end;
  } catch {
    return undefined; // not a code then, only free text, which is made safe
  }
}

/**
 * Some clients take `{5}` at the end of any line for a literal, and an unbalanced `"` swallows the rest of
 * the line in swift-nio-imap (protocol notes 3.5 and 6.1 row 1): neither leaves, nor controls or 8-bit bytes.
 */
function safeText(text: string): string {
  return text
    .slice(0, IMAP_LIMITS.statusTextBytes)
    .replace(/[{}"\\]/g, '')
    .replace(/^\[/, '(')
    .replace(/[^\x20-\x7e]/g, '?');
}
