/** Bytes that take the place of `remove` bytes at `offset` of the original. */
export interface Edit {
  readonly offset: number;
  readonly remove: number;
  /** Latin1. */
  readonly insert: string;
}

/** What a header is to say. */
export interface HeaderWords {
  /** Before the subject; empty: the subject stays. */
  readonly tag: string;
  /** Whole lines with CRLF; empty: none. */
  readonly lines: string;
}

/** A header that is larger is left alone: nobody shows it. */
export const MAX_HEADER_BYTES = 64 * 1024;
/** Programs show the first or the last of several subjects; more than these are left alone. */
const MAX_SUBJECTS = 3;
/** Recommended length of a line, RFC 5322 section 2.1.1; encoded words demand it, RFC 2047 section 2. */
const LINE_CHARACTERS = 76;

const HEADER_END = '\r\n\r\n';
const WELL_FORMED = /^(?:[!-9;-~]{1,76}:|[ \t])/u;
const SUBJECT = /^subject:/iu;
const FORGED = /^x-postern-(?:result|rule)[ \t]*:/iu;
/** As long as the name it replaces. */
const INSTEAD = { offset: 'x-'.length, remove: 'postern'.length, insert: 'Forgery' };

/**
 * Where the header that is `start`, the beginning of a message, ends (before its empty line); undefined unless
 * every program reads the same header.
 */
export function plainHeaderEnd(start: string): number | undefined {
  const end = start.slice(0, MAX_HEADER_BYTES).indexOf(HEADER_END);
  if (end <= 0) return undefined;
  const lines = start.slice(0, end).split('\r\n');
  const isPlain = lines.every(
    (line, index) =>
      WELL_FORMED.test(line) && !/[\r\n\0]/u.test(line) && (index > 0 || !/^[ \t]/u.test(line)),
  );
  // A line of blanks ends the header for some programs.
  return isPlain && lines.every((line) => line.trim() !== '') ? end + 2 : undefined;
}

/** The edits that make a header say `words`, in order; `padding` more blanks behind the first name. */
export function headerEdits(start: string, headerEnd: number, words: HeaderWords, padding = 0): Edit[] {
  const fields = fieldsOf(start.slice(0, headerEnd));
  const forged = words.lines === '' ? [] : fields.filter(({ text }) => FORGED.test(text));
  const renamed = forged.map(({ at }) => ({ ...INSTEAD, offset: at + INSTEAD.offset }));
  const subjects = words.tag === '' ? [] : fields.filter(({ text }) => SUBJECT.test(text));
  const tagged = subjects.slice(0, MAX_SUBJECTS).map((field) => tagOf(field, words.tag));
  const missing = words.tag !== '' && subjects.length === 0 ? `Subject: ${words.tag}\r\n` : '';
  const added = `${missing}${words.lines}`;
  const edits = [...tagged, ...(added === '' ? [] : [{ offset: headerEnd, remove: 0, insert: added }])];
  return [...renamed, ...padded(edits, padding)].sort((a, b) => a.offset - b.offset);
}

interface Field {
  readonly at: number;
  /** First line. */
  readonly text: string;
}

function fieldsOf(header: string): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  for (const text of header.split('\r\n')) {
    if (!/^[ \t]/u.test(text)) fields.push({ at, text });
    at += text.length + 2;
  }
  return fields;
}

/** Behind the colon. What follows goes on a line of its own when both together would be too long for one. */
function tagOf({ at, text }: Field, tag: string): Edit {
  const value = text.slice('subject:'.length);
  const isLong = text.length + 1 + tag.length > LINE_CHARACTERS && value.trim() !== '';
  const blank = value === '' || /^[ \t]/u.test(value) ? '' : ' ';
  return { offset: at + 'subject:'.length, remove: 0, insert: ` ${tag}${isLong ? '\r\n' : ''}${blank}` };
}

/** Blanks at the start of a field body mean nothing. */
function padded(edits: readonly Edit[], padding: number): readonly Edit[] {
  const [first, ...rest] = edits;
  if (first === undefined || padding === 0) return edits;
  const at = /^[\w-]+:/u.exec(first.insert)?.[0].length ?? 0;
  const insert = `${first.insert.slice(0, at)}${' '.repeat(padding)}${first.insert.slice(at)}`;
  return [{ ...first, insert }, ...rest];
}
