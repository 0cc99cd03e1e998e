import { isUtf8 } from 'node:buffer';
import { MAX_REPLY_OCTETS } from './limits.ts';

export const CRLF = '\r\n';

/** The last line of every multi-line reply. */
export const TERMINATOR = Buffer.from('.\r\n');

/** What we say ourselves: letters, digits, blank, comma, dot, colon and hyphen only (protocol notes 3.5). */
export const REPLIES = {
  greeting: '+OK Postern ready',
  startTls: '+OK Begin TLS',
  goodbye: '+OK Bye',
  unknown: '-ERR Unknown command',
  syntax: '-ERR Invalid arguments',
  notPermitted: '-ERR Command not permitted here',
  notAvailable: '-ERR Command not available',
  mechanism: '-ERR Unrecognized authentication type',
  tlsRequired: '-ERR TLS is required first',
  tooManyBad: '-ERR Too many bad commands',
  badLine: '-ERR Invalid line',
  unavailable: '-ERR [SYS/TEMP] The mail server is not available, try again later',
  shutdown: '-ERR [SYS/TEMP] Shutting down, try again later',
  deferred: '-ERR [SYS/TEMP] The message is being checked, try again later',
  blocked: '-ERR [SYS/PERM] The message was refused by the mail gateway',
  tooLarge: '-ERR [SYS/PERM] The message is too large for the mail gateway',
} as const;

/** RFC 2449, 3206, 6856. `[REFERRAL …]` and whatever comes next would lead clients round the gateway. */
const RESPONSE_CODES = new Set(['IN-USE', 'LOGIN-DELAY', 'SYS/TEMP', 'SYS/PERM', 'AUTH', 'UTF8']);

const STATUS = /^(\+OK|-ERR)(?: (.*))?$/isu;
const RESPONSE_CODE = /^\[([^\]]*)\] ?/u;
/** Everything but printable ASCII; braces and quotes make some parsers see literals and strings. */
const NOT_ASCII_TEXT = /[^\x20-\x7e]|[{}"]/gu;
/** Latin-1 view of UTF-8, for texts in the language of `LANG`. */
const NOT_UTF8_TEXT = /[\x00-\x1f\x7f]|[{}"]/gu;
const CONTROL = /[\x00-\x1f\x7f]/gu;
/** `<process.clock@host>`, what APOP digests; verbatim or it is worthless. */
const APOP_TIMESTAMP = /<[\x21-\x3b\x3d\x3f-\x7e]{1,128}@[\x21-\x3b\x3d\x3f-\x7e]{1,128}>/u;

export interface Status {
  readonly ok: boolean;
  /** What stands behind the indicator, as a byte string. */
  readonly text: string;
}

/** The first line of a reply, or undefined when it is none. */
export function parseStatus(line: Buffer): Status | undefined {
  const [, indicator, text = ''] = STATUS.exec(line.toString('latin1')) ?? [];
  return indicator === undefined ? undefined : { ok: indicator.startsWith('+'), text };
}

/** One reply line of ours as bytes. */
export function reply(text: string): Buffer {
  return Buffer.from(text + CRLF, 'latin1');
}

function cleaned(text: string): string {
  const pattern = isUtf8(Buffer.from(text, 'latin1')) ? NOT_UTF8_TEXT : NOT_ASCII_TEXT;
  return text.replace(pattern, '?');
}

/** Text for people: a known response code is kept, everything else loses what could be taken for syntax. */
export function freeText(text: string): string {
  const [prefix = '', code = ''] = RESPONSE_CODE.exec(text) ?? [];
  const keyword = code.split(' ', 1)[0]?.toUpperCase() ?? '';
  const kept = RESPONSE_CODES.has(keyword) ? `[${cleaned(code)}] ` : '';
  return (kept + cleaned(text.slice(prefix.length))).trim();
}

/** Text that clients read as data (STAT, LIST n, UIDL n): untouched but for control characters. */
export function dataText(text: string): string {
  return text.replace(CONTROL, '?');
}

/** A status line for the client, at most 512 octets long. */
export function statusLine(ok: boolean, text: string): Buffer {
  const line = `${ok ? '+OK' : '-ERR'}${text === '' ? '' : ` ${text}`}`;
  return reply(line.slice(0, MAX_REPLY_OCTETS - CRLF.length));
}

/** The greeting's text: free text, with the APOP timestamp kept as it is when `withTimestamp`. */
export function greetingText(text: string, withTimestamp: boolean): string {
  const match = APOP_TIMESTAMP.exec(text);
  const words = freeText(text.replace(/[<>]/gu, ' ').replace(/ {2,}/gu, ' '));
  if (match === null) {
    return words;
  }
  const [timestamp] = match;
  const before = freeText(text.slice(0, match.index).replace(/[<>]/gu, ''));
  return withTimestamp ? `${before} ${timestamp}`.trim() : before;
}
