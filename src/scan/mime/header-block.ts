const LF = 0x0a;
const CR = 0x0d;

/** One header field; `value` is raw latin1, unfolded. */
export interface Field {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

/** The header of a message or part in its plainest reading. */
export interface HeaderBlock {
  readonly fields: readonly Field[];
  /** The header's text, latin1, without the empty line. */
  readonly text: string;
  readonly bodyStart: number;
  /** False when another parser could see other fields or another body start. */
  readonly regular: boolean;
}

/** A name that no parser reads otherwise: no comment in it. */
const FIELD = /^([!-'*-9;-~]+):(.*)$/s;

/** Some parsers end a line at a vertical tab, form feed or separator, others a header at NUL. */
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** A continuation line that a parser without folding takes for a field. */
const HIDDEN_FIELD = /^[ \t]+content-(?:type|transfer-encoding)[ \t]*:/i;

const EMPTY_LINE_LF = Buffer.from('\n\n');
const EMPTY_LINE_CRLF = Buffer.from('\n\r\n');

/** Offset of the empty line's first byte, or -1 when there is none in `[start, end)`. */
function findEmptyLine(bytes: Buffer, start: number, end: number): number {
  const window = bytes.subarray(start, end);
  const crlf = window.indexOf(EMPTY_LINE_CRLF);
  const lf = (crlf === -1 ? window : window.subarray(0, crlf + 1)).indexOf(EMPTY_LINE_LF);
  const at = lf === -1 ? crlf : lf;
  return at === -1 ? -1 : start + at + 1;
}

function emptyLineLength(bytes: Buffer, at: number): number {
  if (bytes[at] === LF) {
    return 1;
  }
  return bytes[at] === CR && bytes[at + 1] === LF ? 2 : 0;
}

/** Reads the header of the entity at `[start, end)`; `maxBytes` bounds the search for its end. */
export function readHeaderBlock(bytes: Buffer, start: number, end: number, maxBytes: number): HeaderBlock {
  const none = emptyLineLength(bytes, start);
  if (none > 0 && start < end) {
    return { fields: [], text: '', bodyStart: Math.min(end, start + none), regular: true };
  }
  const limit = Math.min(end, start + maxBytes);
  const empty = findEmptyLine(bytes, start, limit);
  const headerEnd = empty === -1 ? limit : empty;
  const text = bytes.toString('latin1', start, headerEnd);
  const { fields, regular } = readFields(text);
  const bodyStart = empty === -1 ? limit : Math.min(end, empty + emptyLineLength(bytes, empty));
  return { fields, text, bodyStart, regular: regular && empty !== -1 };
}

/** Fields of a block whose lines end in LF or CRLF; irregular when anything is not a clean field or continuation. */
export function readFields(text: string): { fields: Field[]; regular: boolean } {
  const fields: { name: string; value: string }[] = [];
  let regular = !CONTROLS.test(text);
  const isCrlf = text.includes('\r\n');
  for (const rawLine of text.split('\n')) {
    if (rawLine === '') {
      continue;
    }
    const hasCr = rawLine.endsWith('\r');
    const line = hasCr ? rawLine.slice(0, -1) : rawLine;
    regular &&= hasCr === isCrlf && !line.includes('\r');
    const last = fields.at(-1);
    const first = line[0];
    if (last !== undefined && (first === ' ' || first === '\t')) {
      last.value += line;
      regular &&= line.trim() !== '' && !HIDDEN_FIELD.test(line);
      continue;
    }
    const match = FIELD.exec(line);
    if (match === null) {
      regular = false;
      continue;
    }
    fields.push({ name: (match[1] ?? '').toLowerCase(), value: match[2] ?? '' });
  }
  return { fields, regular };
}
