/** Pads what is left when the notice is written: not `.`, `-`, `=` or a blank, which all mean something in mail. */
export const PAD = 0x23; // '#'

/** Longest notice that is written; a substitute needs no more, and callers build it from attacker-chosen names. */
const MAX_NOTICE_BYTES = 4096;

/** The notice as printable ASCII without `=`; everything else becomes a blank, runs of blanks become one. */
export function safeNotice(notice: string): string {
  return notice
    .slice(0, MAX_NOTICE_BYTES)
    .replaceAll('=', ':')
    .replace(/[^!-~]+/g, ' ')
    .trim();
}

/**
 * Deals out the notice character by character, then `#` for ever. Knows where a line starts, so that no
 * `From ` (mbox), `--` (a delimiter look-alike) or `.` (POP3 stuffing changes the length) stands there.
 */
export class NoticeText {
  readonly #text: string;
  #next = 0;

  constructor(notice: string) {
    this.#text = safeNotice(notice);
  }

  /** The next character for a place at a line's start (or not) and right before a line's end (or not). */
  take(atLineStart: boolean, beforeLineEnd: boolean): number {
    const at = this.#next;
    if (at >= this.#text.length) {
      return PAD;
    }
    this.#next = at + 1;
    const code = this.#text.charCodeAt(at);
    const isBlank = code === 0x20;
    const mayNot = (atLineStart && (isBlank || this.#startsLineBadly(at))) || (beforeLineEnd && isBlank);
    return mayNot ? PAD : code;
  }

  #startsLineBadly(at: number): boolean {
    const first = this.#text[at];
    return first === '.' || first === '-' || this.#text.startsWith('From ', at);
  }

  /** The next `count` characters, padded: for encodings in which the text's own lines do not show. */
  takeBytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count).fill(PAD);
    const text = this.#text.slice(this.#next, this.#next + count);
    this.#next += text.length;
    bytes.set(Buffer.from(text, 'latin1'));
    return bytes;
  }
}
