const LF = 10;
const DOT = 46;

/** Doubles every dot at the start of a line (RFC 1939 section 3); the same buffer when there is none. */
export function stuffDots(content: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  let at = content[0] === DOT ? 0 : nextDotLine(content, 0);
  while (at !== -1) {
    pieces.push(content.subarray(from, at + 1)); // up to the dot, and
    from = at; // the dot once more
    at = nextDotLine(content, at);
  }
  return pieces.length === 0 ? content : Buffer.concat([...pieces, content.subarray(from)]);
}

/** Offset of the next dot behind a line feed, or -1. */
function nextDotLine(content: Buffer, from: number): number {
  const at = content.indexOf('\n.', from, 'latin1');
  return at === -1 ? -1 : at + 1;
}

/** Header block and the first `count` lines behind it: what TOP sends. */
export function firstLines(content: Buffer, bodyStart: number, count: number): Buffer {
  let end = bodyStart;
  for (let line = 0; line < count && end < content.length; line += 1) {
    const lineFeed = content.indexOf(LF, end);
    end = lineFeed === -1 ? content.length : lineFeed + 1;
  }
  return content.subarray(0, end);
}

export function endsWithLineBreak(content: Buffer): boolean {
  return content.at(-1) === LF && content.at(-2) === 13;
}
