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
const NUMBER = /^[0-9]{1,10}$/;
const HEADER_SECTION = /^HEADER(\.FIELDS(\.NOT)? \(.*\))?$/;

const ATTRIBUTE = /[A-Za-z0-9.\-_]{1,64}/y;
/** The attributes of nearly every response, read once. */
const PLAIN_ITEMS: ReadonlyMap<string, FetchItem> = new Map(
  [...METADATA].map((text) => [text, plainItem(text, text)]),
);

/** Reads the attribute that starts at `position`; `end` is the position behind it. */
export function readFetchItem(text: string, position: number): { item: FetchItem; end: number } {
  ATTRIBUTE.lastIndex = position;
  const attribute = ATTRIBUTE.exec(text)?.[0] ?? '';
  const end = position + attribute.length;
  switch (text.charAt(end)) {
    case '':
    case ' ':
    case '(':
    case ')':
      if (attribute !== '') {
        return { item: PLAIN_ITEMS.get(attribute) ?? plainItem(attribute, attribute.toUpperCase()), end };
      }
      throw new WireError('syntax', 'malformed FETCH item');
    case '[':
      return readWithSection(text, position, end);
    default:
      throw new WireError('syntax', 'malformed FETCH item');
  }
}

function plainItem(text: string, name: string): FetchItem {
  return {
    name,
    section: undefined,
    origin: undefined,
    length: undefined,
    text,
    class: classifyPlain(name),
  };
}

function readWithSection(text: string, start: number, bracket: number): { item: FetchItem; end: number } {
  const name = text.slice(start, bracket).toUpperCase();
  const close = sectionEnd(text, bracket);
  if (close === undefined || name === '') {
    throw new WireError('syntax', 'unclosed section');
  }
  const section = normaliseSection(text.slice(bracket + 1, close - 1));
  const partial = text[close] === '<' ? readPartial(text, close) : undefined;
  const { origin, length, end } = partial ?? { origin: undefined, length: undefined, end: close };
  const item: FetchItem = {
    name,
    section,
    origin,
    length,
    text: text.slice(start, end),
    class: classify(name, section, origin),
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

function classify(name: string, section: string, origin: number | undefined): ItemClass {
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
