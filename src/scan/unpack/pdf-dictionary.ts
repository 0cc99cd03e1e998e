import { decodeNames } from './pdf-text.ts';

/** Reads the dictionary in front of a stream the way a PDF reader does, from text with one character per byte. */

/** White space, a comment, a name, brackets, a hex string, another word (ISO 32000 7.2). No alternative backtracks. */
const TOKEN =
  /[\0\t\n\f\r ]+|%[^\r\n]*|\/[^\0\t\n\f\r ()<>[\]{}/%]*|<<|>>|<[^>]*>?|[^\0\t\n\f\r ()<>[\]{}/%]+|[\s\S]/y;
const STRING_MARK = /[\\()]/g;

/** Marks of objects and ends of objects looked at from the stream backwards: a string or comment may hold false ones. */
const MAX_MARKS = 8;

export interface PdfDictionary {
  /** Comments and contents of strings are gone, names are decoded, white space is one blank. */
  readonly text: string;
  /** Brackets and strings closed and no object ended in between: what a reader would accept. */
  readonly isWhole: boolean;
  readonly object: number;
  readonly generation: number;
}

/** Where the string that opens at `at` has ended; the end of the text when it has not. */
export function stringEnd(text: string, at: number): number {
  let depth = 0;
  STRING_MARK.lastIndex = at;
  for (let match = STRING_MARK.exec(text); match !== null; match = STRING_MARK.exec(text)) {
    const [mark] = match;
    depth += mark === '(' ? 1 : mark === ')' ? -1 : 0;
    STRING_MARK.lastIndex += mark === '\\' ? 1 : 0;
    if (depth === 0) {
      return match.index + 1;
    }
  }
  return text.length;
}

/** A name may hold anything in escapes, also what looks like structure. */
function plainName(token: string): string {
  return token.includes('#') ? `/${decodeNames(token.slice(1)).replace(/[\s()<>[\]{}/%\0]/g, '?')}` : token;
}

function plainToken(token: string): string {
  const first = token[0] ?? '';
  if (first === '/') {
    return plainName(token);
  }
  return /[\0\s%]/.test(first) ? ' ' : first === '<' && token !== '<<' ? '<>' : token;
}

/** A text in plain form. */
interface Plain extends Pick<PdfDictionary, 'text' | 'isWhole'> {
  /** Characters read. */
  readonly read: number;
}

/** The text from `from` to its end in plain form; empty when an object ends before. */
function readPlain(text: string, from: number): Plain {
  const kept: string[] = [];
  let depth = 0;
  let isWhole = true;
  for (let at = from; at < text.length;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text)?.[0] ?? '';
    at = token === '(' ? stringEnd(text, at) : at + token.length;
    if (token === 'endobj') {
      return { text: '', isWhole: false, read: at - from };
    }
    depth += token === '<<' ? 1 : token === '>>' ? -1 : 0;
    isWhole &&= depth >= 0 && token !== ')';
    kept.push(token === '(' ? '()' : plainToken(token));
  }
  return {
    text: kept.join('').replace(/ {2,}/g, ' '),
    isWhole: isWhole && depth === 0,
    read: text.length - from,
  };
}

/** Ends of the last `MAX_MARKS` occurrences, the last first. */
function marksBefore(text: string, mark: string): number[] {
  const found: number[] = [];
  for (let at = text.lastIndexOf(mark); at >= 0 && found.length < MAX_MARKS;) {
    found.push(at + mark.length);
    at = at === 0 ? -1 : text.lastIndexOf(mark, at - 1);
  }
  return found;
}

/** Where an object may begin: behind the last marks, and the first behind each end of another object. */
function objectStarts(text: string): number[] {
  const ends = [...marksBefore(text, 'endobj'), 0];
  const first = ends
    .map((end) => /\d[\0\s]+\d+[\0\s]*obj/.exec(text.slice(end, end + 4096)))
    .map((match, index) => (match === null ? -1 : (ends[index] ?? 0) + match.index + match[0].length));
  const last = marksBefore(text, 'obj').filter((end) =>
    /\d\s*obj$/.test(text.slice(Math.max(0, end - 16), end)),
  );
  return [...new Set([...last, ...first.filter((at) => at >= 0)])];
}

/** The numbers of the object whose mark ends at `at`. */
function numbersAt(text: string, at: number): Pick<PdfDictionary, 'object' | 'generation'> {
  const found = /(\d{1,10})\s{1,16}(\d{1,5})\s{0,16}obj$/.exec(text.slice(Math.max(0, at - 48), at));
  return { object: Number(found?.[1] ?? 0), generation: Number(found?.[2] ?? 0) };
}

/**
 * Every dictionary that `text`, which ends where a stream begins, may be said to end with; whole ones first. `spend`
 * is told how many characters each took, and says whether there may be more.
 */
export function dictionariesBefore(text: string, spend: (characters: number) => boolean): PdfDictionary[] {
  const starts = objectStarts(text);
  const found: PdfDictionary[] = [];
  for (const start of starts.length === 0 ? [Math.max(0, text.lastIndexOf('<<'))] : starts) {
    const { text: plain, isWhole, read } = readPlain(text, start);
    if (plain !== '') {
      found.push({ text: plain, isWhole, ...numbersAt(text, start) });
    }
    if (!spend(read)) {
      break;
    }
  }
  return [...found.filter(({ isWhole }) => isWhole), ...found.filter(({ isWhole }) => !isWhole)];
}

/** Each value of `Filter`, or `F` as in inline images, in a plain dictionary: a name, an array or a reference. */
export function filterValues(plain: string): string[] {
  return Array.from(
    plain.matchAll(/\/(?:Filter|F) ?(\[[^\]]*|\/[^ /<>[\]()]+|\d+ \d+ R)/g),
    (match) => match[1] ?? '',
  );
}

/** Names in a plain value, in order. */
export function namesIn(plain: string, most: number): string[] {
  const names: string[] = [];
  for (const match of plain.matchAll(/\/([^ /<>[\](){}]+)/g)) {
    names.push(match[1] ?? '');
    if (names.length >= most) {
      break;
    }
  }
  return names;
}

/** A value in plain form: without comments, with decoded names. */
export function plainValue(text: string): string {
  return readPlain(text, 0).text;
}

const INDIRECT_PARAMETERS =
  /\/D(?:ecodeParms|P) ?\[?(?: ?null| ?<<[^<>]{0,256}>>){0,8} ?(\d{1,10} \d{1,10}) R/;

/** The numbers of the object in which the parameters of filters stand, when a plain dictionary refers to one. */
export function parametersReference(plain: string): string | undefined {
  return INDIRECT_PARAMETERS.exec(plain)?.[1];
}
