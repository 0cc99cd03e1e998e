import { readQuoted, sectionEnd } from './nodes.ts';
import { WireError } from './wire-error.ts';

/**
 * What a FETCH item carries (protocol notes 1.2). `whole`: the message; `slice`: a part of it that the server
 * cut out; `decoded`: BINARY, which is no substring of the message; `header`: top-level header fields;
 * `metadata`: no content; `hidden`: a text derived from the body; `unknown`: judged by its value.
 */
export type ItemClass = 'whole' | 'slice' | 'decoded' | 'header' | 'metadata' | 'hidden' | 'unknown';

/** One FETCH attribute of a request or response. */
export interface FetchItem {
  /** Upper-case attribute without section: `BODY`, `BODY.PEEK`, `BINARY`, `RFC822.SIZE`. */
  readonly name: string;
  /** Inside the brackets, upper case for comparison; absent without brackets. */
  readonly section: string | undefined;
  /** `<o.n>` of a request, or `<o>` of a response. */
  readonly origin: number | undefined;
  readonly length: number | undefined;
  /** As it was written. */
  readonly text: string;
  readonly class: ItemClass;
}

const METADATA = new Set([
  'FLAGS',
  'UID',
  'INTERNALDATE',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODYSTRUCTURE',
  'MODSEQ',
  'EMAILID',
  'THREADID',
  'SAVEDATE',
  'BINARY.SIZE',
  'X-GM-MSGID',
  'X-GM-THRID',
  'X-GM-LABELS',
]);
const HIDDEN = new Set(['PREVIEW', 'SNIPPET', 'ANNOTATION']);
const NAME = /^[A-Za-z0-9.\-_]{1,64}$/;
const NUMBER = /^[0-9]{1,10}$/;
const HEADER_SECTION = /^HEADER(\.FIELDS(\.NOT)? \(.*\))?$/;

/** Reads the attribute that starts at `position`; `end` is the position behind it. */
export function readFetchItem(text: string, position: number): { item: FetchItem; end: number } {
  let end = position;
  while (end < text.length && !' ()[<'.includes(text.charAt(end))) {
    end += 1;
  }
  const name = text.slice(position, end).toUpperCase();
  if (!NAME.test(name)) {
    throw new WireError('syntax', 'malformed FETCH item');
  }
  let section: string | undefined;
  if (text[end] === '[') {
    const close = sectionEnd(text, end);
    if (close === undefined) {
      throw new WireError('syntax', 'unclosed section');
    }
    section = normaliseSection(text.slice(end + 1, close - 1));
    end = close;
  }
  const partial = text[end] === '<' ? readPartial(text, end) : undefined;
  if (partial !== undefined && section === undefined) {
    throw new WireError('syntax', 'partial of an item that has no section');
  }
  end = partial?.end ?? end;
  const item: FetchItem = {
    name,
    section,
    origin: partial?.origin,
    length: partial?.length,
    text: text.slice(position, end),
    class: classify(name, section, partial?.origin),
  };
  return { item, end };
}

function readPartial(
  text: string,
  position: number,
): { origin: number; length: number | undefined; end: number } {
  const close = text.indexOf('>', position);
  const [origin = '', length, ...rest] = text
    .slice(position + 1, close === -1 ? position + 1 : close)
    .split('.');
  const wellFormed =
    NUMBER.test(origin) && (length === undefined || NUMBER.test(length)) && rest.length === 0;
  if (close === -1 || !wellFormed) {
    throw new WireError('syntax', 'malformed partial');
  }
  return {
    origin: Number(origin),
    length: length === undefined ? undefined : Number(length),
    end: close + 1,
  };
}

/** Upper case, header names unquoted and separated by one space, so that request and response compare equal. */
function normaliseSection(section: string): string {
  let out = '';
  for (let index = 0; index < section.length; index += 1) {
    const char = section.charAt(index);
    if (char === '"') {
      const { value, end } = readQuoted(section, index);
      out += value;
      index = end - 1;
    } else {
      out += char;
    }
  }
  return out.toUpperCase().replace(/ +/g, ' ');
}

function classify(name: string, section: string | undefined, origin: number | undefined): ItemClass {
  if (section === undefined) {
    return classifyPlain(name);
  }
  switch (name) {
    case 'BODY':
    case 'BODY.PEEK':
      return classifySection(section, origin);
    case 'BINARY':
    case 'BINARY.PEEK':
      return 'decoded';
    case 'BINARY.SIZE':
      return 'metadata';
    default:
      return 'unknown';
  }
}

function classifyPlain(name: string): ItemClass {
  switch (name) {
    case 'BODY':
      return 'metadata'; // the non-extensible BODYSTRUCTURE
    case 'RFC822':
    case 'RFC822.PEEK':
      return 'whole';
    case 'RFC822.HEADER':
      return 'header';
    case 'RFC822.TEXT':
      return 'slice';
    default:
      if (METADATA.has(name)) {
        return 'metadata';
      }
      return HIDDEN.has(name) ? 'hidden' : 'unknown';
  }
}

function classifySection(section: string, origin: number | undefined): ItemClass {
  if (section === '') {
    return origin === undefined ? 'whole' : 'slice';
  }
  // A range of a header is half of what it would show: it needs the verdict on all of it.
  return HEADER_SECTION.test(section) && origin === undefined ? 'header' : 'slice';
}
