import type { Span } from './multipart.ts';

/** Lines that are no fields after which no parser still looks for fields. */
const MAX_JUNK_LINES = 3;

/** Empty lines behind which another block of fields may still be read as header. */
const MAX_BLOCKS = 3;

/** Lines before the first field that a lenient client skips. */
const MAX_LEADING_LINES = 16;

/** Like a field for some parser: a name of any characters (or none) and a colon. */
const FIELD = /^[!-9;-~\0\x80-\xff][!-9;-~\0\x80-\xff()]{0,100}[ \t\0]*:|^:/;
/** Markup and styles, in which a colon is no end of a name: a body of one line of them is not read from seven places. */
const MARKUP = /^[^:]*[<>{}"]/;
const BLANK = /^[\s\0-\x20\x7f]*$/;

/** A header as every lenient parser together could see it. */
export interface LenientHeader {
  /** All that may belong to it, latin1; line ends kept. */
  readonly text: string;
  /** Where some parser may see the body begin; at least one. */
  readonly bodyStarts: readonly number[];
  /** The bound was reached before an end was in sight. */
  readonly isCut: boolean;
}

interface Line {
  readonly text: string;
  /** Offsets in the header's text. */
  readonly start: number;
  readonly next: number;
}

type ReadLine = (text: string, start: number) => Line;

/** A line that ends at LF only; CRs before it belong to the end. */
function lfLineAt(text: string, start: number): Line {
  const at = text.indexOf('\n', start);
  const stop = at === -1 ? text.length : at;
  let end = stop;
  while (end > start && text[end - 1] === '\r') {
    end -= 1;
  }
  return { text: text.slice(start, end), start, next: Math.min(text.length, stop + 1) };
}

const TO_ANY_END = /[^\r\n]*/y;

/** A line that ends at any CR, LF or CRLF. */
function anyLineAt(text: string, start: number): Line {
  TO_ANY_END.lastIndex = start;
  const line = TO_ANY_END.exec(text)?.[0] ?? '';
  const stop = start + line.length;
  const length = text.startsWith('\r\n', stop) ? 2 : 1;
  return { text: line, start, next: Math.min(text.length, stop + length) };
}

/** Walks one header with one idea of a line, and notes each place where a body could begin. */
class HeaderWalk {
  readonly bodyStarts: number[] = [];
  end = 0;
  #junk = 0;
  #blocks = 0;
  #fields = 0;

  walk(text: string, readLine: ReadLine): void {
    let at = 0;
    while (at < text.length) {
      const line = readLine(text, at);
      const following = line.next < text.length ? readLine(text, line.next).text : '';
      if (!this.#take(line, following)) {
        break;
      }
      at = line.next;
    }
    this.end = at;
    if (this.bodyStarts.length === 0) {
      this.bodyStarts.push(at);
    }
  }

  /** False when the header is over for everybody. */
  #take(line: Line, following: string): boolean {
    if (BLANK.test(line.text)) {
      return this.#takeBlank(line, following);
    }
    const isContinuation = (line.text[0] === ' ' || line.text[0] === '\t') && this.#fields > 0;
    if (isContinuation) {
      return true;
    }
    if (FIELD.test(line.text)) {
      this.#fields += 1;
      return true;
    }
    return this.#takeJunk(line);
  }

  #takeBlank(line: Line, following: string): boolean {
    this.bodyStarts.push(line.next);
    this.#blocks += 1;
    const goesOn = FIELD.test(following) ? !MARKUP.test(following) : /^[ \t]/.test(following);
    return this.#blocks < MAX_BLOCKS && (goesOn || this.#fields === 0);
  }

  #takeJunk(line: Line): boolean {
    this.#junk += 1;
    if (this.#fields === 0) {
      this.bodyStarts.push(...(this.#junk === 1 ? [line.start] : []));
      return this.#junk < MAX_LEADING_LINES;
    }
    if (this.#junk > MAX_JUNK_LINES) {
      return false;
    }
    this.bodyStarts.push(line.start, line.next);
    return true;
  }
}

/**
 * True when lines end with CR CR LF, as relays leave them that add a CR to each LF, and none with CR alone: then CR
 * CR LF is no empty line, and to read it as one would start a body behind every field.
 */
function hasDoubledCr(text: string): boolean {
  return text.includes('\r\r\n') && !/\r(?!\r?\n|\r?$)/.test(text);
}

function readWindow(bytes: Buffer, span: Span, maxBytes: number): LenientHeader {
  const end = Math.min(span.end, span.start + maxBytes);
  const text = bytes.toString('latin1', span.start, end);
  const byLf = new HeaderWalk();
  byLf.walk(text, lfLineAt);
  const byAny = new HeaderWalk();
  byAny.walk(text, hasDoubledCr(text) ? lfLineAt : anyLineAt);
  const textEnd = Math.max(byLf.end, byAny.end);
  return {
    text: text.slice(0, textEnd),
    bodyStarts: [...new Set([...byLf.bodyStarts, ...byAny.bodyStarts])]
      .sort((a, b) => a - b)
      .map((at) => span.start + at),
    isCut: end < span.end && textEnd >= text.length,
  };
}

/** Most headers of parts end within this; only longer ones are worth a second, longer look. */
const FIRST_LOOK_BYTES = 8192;

/** Reads the header of the entity at `span` in every way at once; looks at no more than `maxBytes`. */
export function readLenientHeader(bytes: Buffer, span: Span, maxBytes: number): LenientHeader {
  const first = readWindow(bytes, span, Math.min(maxBytes, FIRST_LOOK_BYTES));
  return first.isCut ? readWindow(bytes, span, maxBytes) : first;
}
