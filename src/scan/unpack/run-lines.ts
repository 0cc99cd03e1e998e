/** Encoded data in lines, and the words before them that look like such lines. */

/** Lines looked at for the first of the data. */
const MAX_LINES = 16;
/** No word is as long: the data may stand on one line. */
const LONG_LINE = 60;
/** Characters of base64 that belong together. */
const GROUP = 4;
const LF = 0x0a;
const CR = 0x0d;
/** Of each byte: a hex digit, what stands between lines, or anything else. */
const DIGIT = 1;
const BETWEEN = 2;
const KINDS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[\dA-Fa-f]/.test(character) ? DIGIT : /[\t\n\r ]/.test(character) ? BETWEEN : 0;
});

interface Line {
  readonly start: number;
  readonly end: number;
  /** Where the next one begins, empty lines passed over. */
  readonly next: number;
}

function lineAt(run: Buffer, start: number): Line {
  let end = start;
  while (end < run.length && run[end] !== LF && run[end] !== CR) {
    end += 1;
  }
  let next = end;
  while (next < run.length && (run[next] ?? 0) <= 0x20) {
    next += 1;
  }
  return { start, end, next };
}

/**
 * The data of a run that begins with words on lines of their own, which move every group that follows: from the first
 * line on that is as long as the next, or longer than words are. Undefined where the groups are right as they stand.
 */
export function withoutLeadingWords(run: Buffer): Buffer | undefined {
  let letters = 0;
  let line = lineAt(run, 0);
  for (let count = 0; count < MAX_LINES && line.next < run.length; count += 1) {
    const length = line.end - line.start;
    const following = lineAt(run, line.next);
    if (length >= LONG_LINE || length === following.end - following.start) {
      break;
    }
    letters += length;
    line = following;
  }
  return letters % GROUP === 0 ? undefined : run.subarray(line.start);
}

/** True where no line goes on at `at`. */
function isLineEdge(bytes: Buffer, at: number): boolean {
  return KINDS[bytes[at] ?? LF] === BETWEEN;
}

/** The lines of nothing but hex digits in a run that has other lines, at least `least` bytes of them behind each other. */
export function hexLines(run: Buffer, least: number): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < run.length;) {
    while (at < run.length && isLineEdge(run, at)) {
      at += 1;
    }
    const start = at;
    let end = at;
    for (; at < run.length && KINDS[run[at] ?? 0] !== 0; at += 1) {
      end = isLineEdge(run, at + 1) ? at + 1 : end;
    }
    if (end - start >= least && end - start < run.length) {
      found.push(run.subarray(start, end));
    }
    // The rest of a line that has other signs.
    while (at < run.length && !isLineEdge(run, at)) {
      at += 1;
    }
  }
  return found;
}
