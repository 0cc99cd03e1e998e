const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;

export type LineFault = 'bare-line-end' | 'nul' | 'line-too-long';

export type ReadLine =
  /** `bytes` is without its CRLF and may be a view of the chunk. */
  | { readonly kind: 'line'; readonly bytes: Buffer; readonly consumed: number }
  | { readonly kind: 'partial' }
  | { readonly kind: 'bad'; readonly what: LineFault };

/** Octets that a line may have with its CRLF, given what is known of it. */
export type LineLimit = (line: Buffer) => number;

interface Offence {
  readonly at: number;
  readonly what: LineFault;
}

/**
 * Cuts one line at a time off a chunk. Only CRLF ends a line: peers disagree about bare CR and LF, and what two
 * readers cut differently hides commands and replies (protocol notes 6.1). Keeps at most `capacity` octets.
 */
export class LineReader {
  readonly #capacity: number;
  #partial: Buffer = Buffer.alloc(0);

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Octets of the line that is not complete yet. */
  get pending(): number {
    return this.#partial.length;
  }

  read(chunk: Buffer, limitOf: LineLimit): ReadLine {
    const kept = this.#partial.length;
    const fresh = chunk.subarray(0, this.#capacity + 1 - kept);
    const seen = kept === 0 ? fresh : Buffer.concat([this.#partial, fresh]);
    const lf = seen.indexOf(LF);
    const line = lf < 0 ? seen : seen.subarray(0, lf + 1);
    const limit = limitOf(line);
    const offence = findOffence(line);
    if (offence !== undefined && offence.at < limit) {
      return { kind: 'bad', what: offence.what };
    }
    if (line.length > limit) {
      return { kind: 'bad', what: 'line-too-long' };
    }
    if (lf < 0) {
      this.#partial = kept === 0 ? Buffer.from(seen) : seen; // the chunk is only lent
      return { kind: 'partial' };
    }
    this.#partial = Buffer.alloc(0);
    return { kind: 'line', bytes: line.subarray(0, -2), consumed: line.length - kept };
  }
}

/** The first octet that tells that the line is wrong; independent of how it was cut into chunks. */
function findOffence(line: Buffer): Offence | undefined {
  const nul = line.indexOf(NUL);
  const cr = line.indexOf(CR);
  const ended = line.at(-1) === LF;
  const afterCr = cr < 0 || cr + 1 === line.length ? undefined : cr + 1;
  let bare: number | undefined;
  if (afterCr !== undefined && line[afterCr] !== LF) {
    bare = afterCr;
  } else if (afterCr === undefined && ended) {
    bare = line.length - 1;
  }
  if (nul >= 0 && (bare === undefined || nul <= bare)) {
    return { at: nul, what: 'nul' };
  }
  return bare === undefined ? undefined : { at: bare, what: 'bare-line-end' };
}
