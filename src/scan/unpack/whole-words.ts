/** Bytes read four at a time. */
export interface WholeWords {
  readonly words: Int32Array;
  /** Bytes before the first word: words are read at whole addresses. */
  readonly lead: number;
}

/** All whole words of `bytes`; up to three bytes before and behind them belong to none. */
export function wholeWords(bytes: Uint8Array): WholeWords {
  const lead = Math.min(bytes.length, (4 - (bytes.byteOffset & 3)) & 3);
  const count = (bytes.length - lead) >> 2;
  return { words: new Int32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + lead, count), lead };
}
