import { decodeText } from './charset.ts';

/** A name longer than this is cut; 255 is what file systems take. */
const MAX_NAME_LENGTH = 255;

/** Segments of one RFC 2231 parameter that are joined; nobody writes more, and joining stays linear. */
const MAX_SEGMENTS = 64;

const ENCODED_WORD = /=\?([^?\s]{1,40})\?([bq])\?([^?]*)\?=/gi;

function decodeWord(charset: string, kind: string, text: string): string {
  const bytes =
    kind.toLowerCase() === 'b'
      ? Buffer.from(text, 'base64')
      : Buffer.from(percentDecode(text.replaceAll('_', ' '), '='), 'latin1');
  return decodeText(bytes, charset.split('*')[0] ?? charset);
}

/** Replaces `%HH` (or `=HH`) by the byte it means, as a latin1 string. */
function percentDecode(text: string, mark: '%' | '='): string {
  const pattern = mark === '%' ? /%([0-9a-f]{2})/gi : /=([0-9a-f]{2})/gi;
  return text.replace(pattern, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Decodes RFC 2047 encoded words anywhere in `text`; the rest stays as it is. */
export function decodeWords(text: string): string {
  const joined = text.replace(/(\?=)\s+(?==\?)/g, '$1');
  return joined.replace(ENCODED_WORD, (_, charset: string, kind: string, value: string) =>
    decodeWord(charset, kind, value),
  );
}

/** The fields of a header that hold encoded words, decoded; empty when there are none. */
export function decodedFields(header: string): string {
  if (!header.includes('=?')) {
    return '';
  }
  const fields = header.split(/(?:\r\n|\r(?!\n)|\n)(?![ \t])/).filter((field) => field.includes('=?'));
  return fields.map((field) => decodeWords(field.replace(/[\r\n]+/g, ''))).join('\n');
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

/** Every name the parameters give the file, decoded and bounded, without repetitions. Hints, never trusted. */
export function fileNames(parameters: ReadonlyMap<string, string>): string[] {
  if (parameters.size === 0) {
    return [];
  }
  const names = new Set<string>();
  for (const base of ['filename', 'name']) {
    const extended = parameters.get(`${base}*`);
    const plain = parameters.get(base);
    const joined = joinSegments(parameters, base);
    for (const name of [extended && decodeExtended(extended), joined, plain && decodeWords(plain)]) {
      if (name) {
        names.add(name.slice(0, MAX_NAME_LENGTH));
      }
    }
  }
  return [...names];
}
