/** One header field; offsets are absolute in the message. `value` is unfolded, one character for each byte. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** A `type/subtype; name=value` or `attachment; name=value` field. */
export interface FieldValue {
  readonly value: string;
  readonly params: readonly (readonly [name: string, value: string])[];
}

/** One entity of a message as byte ranges: headers `[start, bodyStart)`, body `[bodyStart, end)`. */
export interface MimePart {
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  readonly headers: readonly HeaderField[];
  /** Upper case, e.g. `TEXT` and `PLAIN`. */
  readonly type: string;
  readonly subtype: string;
  readonly params: FieldValue['params'];
  /** Parts of a multipart. */
  readonly children: readonly MimePart[];
  /** The message inside a message/rfc822. */
  readonly message: MimePart | undefined;
}

/** Deeper entities are shown as one leaf; a mail server needs some bound and clients stop far earlier. */
const MAX_DEPTH = 50;
/** Of a field with parameters or addresses; what comes behind is not looked at. */
export const MAX_STRUCTURED_CHARACTERS = 16_384;
/** Parts of one multipart. */
const MAX_PARTS = 1_000;
const CR = 13;
const LF = 10;
const DASH = 45;

/** The part tree of a whole message. Never throws: what is no MIME is one text leaf. */
export function parseMimeStructure(message: Buffer): MimePart {
  return parsePart(message, { start: 0, end: message.length, fallback: 'text/plain', depth: 0 });
}

interface Span {
  readonly start: number;
  readonly end: number;
  /** Media type when the part has no Content-Type (RFC 2046 section 5.1.5 changes it inside a digest). */
  readonly fallback: string;
  readonly depth: number;
}

function parsePart(message: Buffer, span: Span): MimePart {
  const { headers, bodyStart } = parseHeaders(message, span.start, span.end);
  const field = parseFieldValue(headerValue(headers, 'content-type') ?? span.fallback);
  const media = /^\s*([^\s/;]+)\/([^\s/;]+)\s*$/.exec(field.value);
  const type = (media?.[1] ?? 'text').toUpperCase();
  const subtype = (media?.[2] ?? 'plain').toUpperCase();
  const inner = { ...span, start: bodyStart, depth: span.depth + 1 };
  const mayNest = span.depth < MAX_DEPTH;
  const children = mayNest && type === 'MULTIPART' ? parseChildren(message, inner, field, subtype) : [];
  const isMessage = mayNest && type === 'MESSAGE' && (subtype === 'RFC822' || subtype === 'GLOBAL');
  const nested = isMessage ? parsePart(message, { ...inner, fallback: 'text/plain' }) : undefined;
  const { start, end } = span;
  return { start, bodyStart, end, headers, type, subtype, params: field.params, children, message: nested };
}

function parseChildren(message: Buffer, span: Span, field: FieldValue, subtype: string): MimePart[] {
  const boundary = parameter(field, 'boundary');
  if (boundary === undefined || boundary === '') {
    return [];
  }
  const fallback = subtype === 'DIGEST' ? 'message/rfc822' : 'text/plain';
  return splitMultipart(message, span, `--${boundary}`).map(([start, end]) =>
    parsePart(message, { start, end, fallback, depth: span.depth }),
  );
}

/** Byte ranges between the delimiter lines; the line break before a delimiter belongs to the delimiter. */
function splitMultipart(message: Buffer, span: Span, delimiter: string): [start: number, end: number][] {
  const parts: [number, number][] = [];
  const needle = Buffer.from(delimiter, 'latin1');
  const searched = message.subarray(0, span.end);
  let partStart = -1;
  let at = searched.indexOf(needle, span.start);
  while (at !== -1 && parts.length < MAX_PARTS) {
    const after = at + needle.length;
    if (isDelimiterLine(message, at, after, span)) {
      if (partStart !== -1) {
        parts.push([partStart, beforeLineBreak(message, partStart, at)]);
      }
      const lineEnd = message.indexOf(LF, after);
      partStart = lineEnd === -1 || lineEnd >= span.end ? span.end : lineEnd + 1;
      if (message[after] === DASH && message[after + 1] === DASH) {
        return parts;
      }
    }
    at = searched.indexOf(needle, after);
  }
  if (partStart !== -1 && parts.length < MAX_PARTS) {
    parts.push([partStart, span.end]); // a truncated message: the last part runs to the end
  }
  return parts;
}

function isDelimiterLine(message: Buffer, at: number, after: number, span: Span): boolean {
  if (at !== span.start && message[at - 1] !== LF) {
    return false;
  }
  const tail = message.toString('latin1', after, Math.min(after + 80, span.end));
  return /^(?:--)?[ \t]*(?:\r?\n|$)/.test(tail);
}

function beforeLineBreak(message: Buffer, start: number, at: number): number {
  const beforeLf = message[at - 1] === LF ? at - 1 : at;
  const beforeCr = message[beforeLf - 1] === CR ? beforeLf - 1 : beforeLf;
  return Math.max(start, beforeCr);
}

function parseHeaders(message: Buffer, start: number, end: number) {
  const headers: HeaderField[] = [];
  let at = start;
  while (at < end) {
    const next = lineAfter(message, at, end);
    const isBlank = next - at <= 2 && (message[at] === LF || (message[at] === CR && message[at + 1] === LF));
    if (isBlank) {
      return { headers, bodyStart: next };
    }
    const fieldEnd = endOfField(message, next, end);
    const text = message.toString('latin1', at, fieldEnd).replace(/\r?\n/g, '');
    const colon = text.indexOf(':');
    if (colon > 0) {
      const name = text.slice(0, colon).trim().toLowerCase();
      headers.push({ name, value: text.slice(colon + 1).trim(), start: at, end: fieldEnd });
    }
    at = fieldEnd;
  }
  return { headers, bodyStart: end };
}

function endOfField(message: Buffer, lineStart: number, end: number): number {
  let at = lineStart;
  while (at < end && (message[at] === 32 || message[at] === 9)) {
    at = lineAfter(message, at, end);
  }
  return at;
}

function lineAfter(message: Buffer, at: number, end: number): number {
  const lineFeed = message.indexOf(LF, at);
  return lineFeed === -1 || lineFeed >= end ? end : lineFeed + 1;
}

/** The first field of that (lower-case) name, unfolded. */
export function headerValue(headers: readonly HeaderField[], name: string): string | undefined {
  return headers.find((field) => field.name === name)?.value;
}

/** Splits `value; name=token; name="quoted"`. */
export function parseFieldValue(field: string): FieldValue {
  const text = field.slice(0, MAX_STRUCTURED_CHARACTERS);
  const value = /^[^;]*/.exec(text)?.[0].trim() ?? '';
  const params: [string, string][] = [];
  for (const match of text.matchAll(/;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g)) {
    params.push([match[1] ?? '', match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '']);
  }
  return { value, params };
}

/** A parameter by its lower-case name. */
export function parameter(field: Pick<FieldValue, 'params'>, name: string): string | undefined {
  return field.params.find(([key]) => key.toLowerCase() === name)?.[1];
}
