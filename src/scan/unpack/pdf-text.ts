import { latin1 } from './byte-view.ts';
import { replaceEach } from './replace-each.ts';

/** Reading PDF syntax out of text, one character per byte; every pattern is bounded and linear. */

/** Names may be written with `#` and two hex digits for any character (ISO 32000 7.3.5). */
export function decodeNames(text: string): string {
  return text.includes('#')
    ? replaceEach(text, /#([0-9a-fA-F]{2})/g, (_, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      )
    : text;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** A literal string that opens at `at`; parentheses nest. Cut at `most` characters. */
function readLiteral(text: string, at: number, most: number): string {
  let depth = 0;
  let end = at;
  for (; end < text.length && end - at < most; end += 1) {
    const character = text[end];
    if (character === '\\') {
      end += 1;
    } else if (character === '(') {
      depth += 1;
    } else if (character === ')') {
      depth -= 1;
      if (depth === 0) {
        break;
      }
    }
  }
  return withoutEscapes(text.slice(at + 1, end));
}

/** Escapes of literal strings undone (ISO 32000 7.3.4.2). */
export function withoutEscapes(text: string): string {
  return replaceEach(text, /\\(\r\n|[0-7]{1,3}|[\s\S])/g, (_, escaped: string) => {
    if (/^[0-7]/.test(escaped)) {
      return String.fromCharCode(Number.parseInt(escaped, 8) & 0xff);
    }
    return /^[\r\n]/.test(escaped) ? '' : (ESCAPES[escaped] ?? escaped);
  });
}

/**
 * What strings in a text of objects say when it stands there in escapes or in hex; never longer than the text. It is
 * not looked for where strings begin and end: a text made to confuse that would hide the rest.
 */
export function codedStrings(text: string): Buffer[] {
  const escaped = text.includes('\\') ? [withoutEscapes(text)] : [];
  const wide = wideStringsIn(text);
  const hex = Array.from(text.matchAll(/<([0-9a-fA-F\s]{8,})>/g), ([, digits = '']) =>
    Buffer.from(digits.replace(/\s+/g, ''), 'hex').toString('latin1'),
  );
  return [escaped, hex, wide]
    .filter((found) => found.length > 0)
    .map((found) => Buffer.from(found.join('\n'), 'latin1'));
}

const WIDE_START = '(\u00fe\u00ff';

/** Literal strings in two bytes a letter, as their mark says; an escape in them is that of one byte. */
function wideStringsIn(text: string): string[] {
  const found: string[] = [];
  for (let at = text.indexOf(WIDE_START); at >= 0;) {
    const end = text.indexOf(')', at);
    const string = end < 0 ? '' : withoutEscapes(text.slice(at + 1, end));
    found.push(oneByteString(Buffer.from(string, 'latin1')).toString('latin1'));
    at = end < 0 ? -1 : text.indexOf(WIDE_START, end);
  }
  return found;
}

/** A string object at `at` (literal or hex), as bytes; undefined when there is none. */
export function readString(text: string, at: number, most = 1024 * 1024): Buffer | undefined {
  const start = at + (/^\s{0,64}/.exec(text.slice(at, at + 64))?.[0].length ?? 0);
  if (text[start] === '(') {
    return Buffer.from(readLiteral(text, start, most), 'latin1');
  }
  if (text[start] !== '<' || text[start + 1] === '<') {
    return undefined;
  }
  const end = text.indexOf('>', start);
  const digits = text
    .slice(start + 1, Math.min(end < 0 ? text.length : end, start + most))
    .replace(/[^0-9a-fA-F]+/g, '');
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex');
}

/** The number behind `key` in a dictionary. */
export function numberOf(dictionary: string, key: string): number | undefined {
  const found = new RegExp(`/${key}\\s{0,16}(-?\\d{1,12})(?![\\d]|\\s{1,16}\\d{1,10}\\s{1,16}R)`).exec(
    dictionary,
  )?.[1];
  return found === undefined ? undefined : Number(found);
}

/** How the name `JS` may begin: each of its letters may be written in hex. */
export const SCRIPT_NAMES = ['/JS', '/J#53', '/#4a', '/#4A'].map((name) => Buffer.from(name));
const SCRIPT_NAME = /^\/(?:JS|#4[aA]S|J#53|#4[aA]#53)(?![A-Za-z0-9])/;
const MAX_NAME_BYTES = 16;
/** One string, and the blanks that may stand before it. */
const MAX_STRING_BYTES = 1024 * 1024;
const MAX_BLANKS = 64;

function stringBehind(bytes: Buffer, at: number): Buffer | undefined {
  // Most names are followed by a reference, and their text is not worth a copy.
  return /^\s{0,64}[(<]/.test(latin1(bytes, at, at + MAX_BLANKS + 1))
    ? readString(latin1(bytes, at, at + MAX_BLANKS + MAX_STRING_BYTES), 0, MAX_STRING_BYTES)
    : undefined;
}

/** A text string in two bytes a letter, as its mark says (ISO 32000 7.9.2.2), in UTF-8. */
function oneByteString(string: Buffer): Buffer {
  const even = string.subarray(2, string.length & ~1);
  const isWide = string[0] === 0xfe && string[1] === 0xff;
  return isWide ? Buffer.from(Buffer.from(even).swap16().toString('utf16le')) : string;
}

/**
 * Strings of scripts among objects: what stands behind `/JS` and is not a reference. `first`: where each of
 * `SCRIPT_NAMES` stands first, or -1, when that is known.
 */
export function scriptStrings(bytes: Buffer, most: number, first?: (name: number) => number): Buffer[] {
  const found: Buffer[] = [];
  for (const [index, name] of SCRIPT_NAMES.entries()) {
    const start = first === undefined ? bytes.indexOf(name) : first(index);
    for (let at = start; at >= 0 && found.length < most; at = bytes.indexOf(name, at + 1)) {
      const length = SCRIPT_NAME.exec(latin1(bytes, at, at + MAX_NAME_BYTES))?.[0].length ?? 0;
      const string = length === 0 ? undefined : stringBehind(bytes, at + length);
      if (string !== undefined && string.length > 0) {
        found.push(oneByteString(string));
      }
    }
  }
  return found;
}
