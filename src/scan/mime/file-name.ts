import { isUtf8 } from 'node:buffer';
import { decodeText } from './charset.ts';
import { withoutComments } from './header-comments.ts';
import { parameterCandidates, parameterPattern } from './parameter-candidates.ts';

/** A name longer than this is cut; 255 is what file systems take. */
const MAX_NAME_LENGTH = 255;

/** Segments of one RFC 2231 parameter that are joined; nobody writes more, and joining stays linear. */
const MAX_SEGMENTS = 64;

const ENCODED_WORD = /=\?([^?\s]{1,40})\?([bq])\?([^?]*)\?=/gi;

/** Encoded words, the blanks between them left out as they are not shown (RFC 2047 6.2). */
const ENCODED_WORDS = /(?:=\?[^?\s]{1,40}\?[bq]\?[^?]*\?=)+/gi;

interface EncodedWord {
  readonly charset: string;
  readonly isBase64: boolean;
  readonly text: string;
}

function wordsIn(run: string): EncodedWord[] {
  return [...run.matchAll(ENCODED_WORD)].map(([, charset = '', kind = '', text = '']) => ({
    charset: (charset.split('*')[0] ?? charset).toLowerCase(),
    isBase64: kind.toLowerCase() === 'b',
    text,
  }));
}

function bytesOf({ isBase64, text }: EncodedWord): Buffer {
  return isBase64
    ? Buffer.from(text, 'base64')
    : Buffer.from(percentDecode(text.replaceAll('_', ' '), '='), 'latin1');
}

/** Words of one charset are decoded together: many mailers cut a character in two. */
function decodeRun(run: string): string {
  let out = '';
  let open: { readonly charset: string; readonly bytes: Buffer[] } | undefined;
  for (const word of wordsIn(run)) {
    if (open?.charset !== word.charset) {
      out += open === undefined ? '' : decodeText(Buffer.concat(open.bytes), open.charset);
      open = { charset: word.charset, bytes: [] };
    }
    open.bytes.push(bytesOf(word));
  }
  return open === undefined ? out : out + decodeText(Buffer.concat(open.bytes), open.charset);
}

/** As clients read it that join the base64 of words before they decode it; undefined when that is the same. */
function decodeJoined(run: string): string | undefined {
  const words = wordsIn(run);
  const first = words[0];
  const isCut = words.some(({ text }, i) => i < words.length - 1 && text.length % 4 !== 0);
  const isJoinable = words.every(({ charset, isBase64 }) => isBase64 && charset === first?.charset);
  return first !== undefined && isCut && isJoinable
    ? decodeText(Buffer.from(words.map(({ text }) => text).join(''), 'base64'), first.charset)
    : undefined;
}

/** Replaces `%HH` (or `=HH`) by the byte it means, as a latin1 string. */
function percentDecode(text: string, mark: '%' | '='): string {
  const pattern = mark === '%' ? /%([0-9a-f]{2})/gi : /=([0-9a-f]{2})/gi;
  return text.replace(pattern, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function withoutGaps(text: string): string {
  return text.replace(/(\?=)\s+(?==\?)/g, '$1');
}

/** Decodes RFC 2047 encoded words anywhere in `text`; the rest stays as it is. */
export function decodeWords(text: string): string {
  return withoutGaps(text).replace(ENCODED_WORDS, decodeRun);
}

/** `decodeWords` of `text`, and what clients read that join the base64 of several words, when that is something else. */
function wordReadings(text: string): string[] {
  const closed = withoutGaps(text);
  const decoded = closed.replace(ENCODED_WORDS, decodeRun);
  if (!closed.includes('?==?')) {
    return [decoded]; // no two words stand together
  }
  return [...new Set([decoded, closed.replace(ENCODED_WORDS, (run) => decodeJoined(run) ?? decodeRun(run))])];
}

/** A parameter in the form of RFC 2231 that has escapes. */
const EXTENDED_NAME = /name[ \t]{0,8}\*[0-9]{0,4}\*?[ \t]{0,8}=[^%]{0,200}%/i;
/** A parameter that has escapes, in that form or without, in which some clients decode them as well. */
const ESCAPED_NAME = /name[ \t]{0,8}(?:\*[0-9]{0,4}\*?[ \t]{0,8})?=[^%]{0,200}%[0-9a-f]{2}/i;
/** The fields in which clients look for a name; others hold addresses of pages. */
const NAMING_FIELD = /^content-(?:type|disposition)[ \t]{0,8}:/i;
/** Fields with file names in one header; real ones have two. */
const MAX_NAME_FIELDS = 16;

/** What stands in escapes in the names of a header's fields. */
function decodedNames(fields: readonly string[]): string[] {
  return fields
    .filter((field) => (NAMING_FIELD.test(field) ? ESCAPED_NAME : EXTENDED_NAME).test(field))
    .slice(0, MAX_NAME_FIELDS)
    .flatMap((field) => nameCandidates(field).filter((name) => !name.includes('%') && !field.includes(name)));
}

/** The fields of a header that hold encoded words or escapes, decoded; empty when there are none. */
export function decodedFields(header: string): string {
  const hasWords = header.includes('=?');
  if (!hasWords && !ESCAPED_NAME.test(header)) {
    return '';
  }
  const fields = header
    .split(/(?:\r\n|\r(?!\n)|\n)(?![ \t])/)
    .filter((field) => /=[?]|[*%]/.test(field))
    .map((field) => field.replace(/[\r\n]+/g, ''));
  const words = fields.filter((field) => field.includes('=?')).flatMap(wordReadings);
  return [...words, ...decodedNames(fields)].join('\n');
}

function decodeExtended(value: string): string {
  const match = /^([^']{0,40})'[^']*'(.*)$/s.exec(value);
  const raw = Buffer.from(percentDecode(match?.[2] ?? value, '%'), 'latin1');
  return decodeText(raw, match?.[1] ?? 'utf-8');
}

function joinSegments(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const segments: string[] = [];
  for (let i = 0; i < MAX_SEGMENTS; i += 1) {
    const segment = parameters.get(`${name}*${i}*`) ?? parameters.get(`${name}*${i}`);
    if (segment === undefined) {
      break;
    }
    segments.push(segment);
  }
  if (segments.length === 0) {
    return undefined;
  }
  const isExtended = parameters.has(`${name}*0*`);
  return isExtended ? decodeExtended(segments.join('')) : segments.join('');
}

/** Bytes that a header must not have and many have: UTF-8 where they can be that. */
function withRawCharacters(name: string): string {
  if (!/[\x80-\xff]/.test(name) || /[^\0-\xff]/.test(name)) {
    return name;
  }
  const bytes = Buffer.from(name, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : name;
}

/** A name with words decoded, and with escapes decoded although nothing says that it has any: some clients do both. */
function plainReadings(name: string): string[] {
  const words = wordReadings(name);
  return /%[0-9a-f]{2}/i.test(name)
    ? [...words, decodeText(Buffer.from(percentDecode(name, '%'), 'latin1'), '')]
    : words;
}

/** Names of one file that are looked at; which of them a client shows is its own choice. */
const MAX_NAMES = 64;

/** Every name the parameters give the file, decoded and bounded, without repetitions. Hints, never trusted. */
export function fileNames(parameters: ReadonlyMap<string, string>, others: readonly string[] = []): string[] {
  if (parameters.size === 0 && others.length === 0) {
    return [];
  }
  const names = new Set<string>();
  const take = (name: string): void => {
    if (name !== '' && names.size < MAX_NAMES) {
      names.add(withRawCharacters(name).slice(0, MAX_NAME_LENGTH));
    }
  };
  for (const base of ['filename', 'name', 'url']) {
    const extended = parameters.get(`${base}*`);
    const plain = parameters.get(base);
    const joined = joinSegments(parameters, base);
    for (const name of [
      extended && decodeExtended(extended),
      joined,
      ...(plain ? plainReadings(plain) : []),
    ]) {
      take(name ?? '');
    }
  }
  for (const name of others) {
    take(name);
  }
  return [...names];
}

const PATTERNS = [parameterPattern('filename'), parameterPattern('(?<!file)name')];

/** Every name that some parser may take from a field that can be read in several ways. */
export function nameCandidates(field: string): string[] {
  const variants = new Set([field, withoutComments(field)]);
  return PATTERNS.flatMap((pattern) => parameterCandidates([...variants], pattern)).flatMap(wordReadings);
}
