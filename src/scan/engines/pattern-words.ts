/** Bytes that are in some content. */
export interface Word {
  readonly bytes: Buffer;
  /** Its letters, which are small ones in `bytes`, may be capitals as well. */
  readonly isFolded: boolean;
}

/** So many bytes hold four bytes at a whole address, wherever they stand. */
export const MIN_WORD_BYTES = 7;
/** What is longer is not rarer. */
const MAX_WORD_BYTES = 64;

/** Escapes, and what is no ASCII: not read. */
const UNREAD = /\\x[0-9a-fA-F]{2}|\\[\s\S]|[^\x20-\x7e]+/;
/** With any other the pattern matches other bytes than its own. */
const KEEPS_BYTES = /^(?:ascii|wide|nocase|fullword|private)$/;

/** The longest stretch as a word. */
function wordOf(stretches: readonly Buffer[], isFolded: boolean): Word | undefined {
  const bytes = stretches.reduce((best, one) => (one.length > best.length ? one : best), Buffer.alloc(0));
  return bytes.length < MIN_WORD_BYTES ? undefined : { bytes: bytes.subarray(0, MAX_WORD_BYTES), isFolded };
}

/**
 * Words of which one is in whatever a text pattern matches; undefined when none is known. `text` is its source with
 * the quotes.
 */
export function textWords(text: string, modifiers: readonly string[]): readonly Word[] | undefined {
  if (!modifiers.every((modifier) => KEEPS_BYTES.test(modifier))) {
    return undefined;
  }
  const isFolded = modifiers.includes('nocase');
  const isWide = modifiers.includes('wide');
  const isNarrow = !isWide || modifiers.includes('ascii');
  const parts = text.slice(1, -1).split(UNREAD);
  const stretches = parts.map((part) => (isFolded ? part.toLowerCase() : part));
  const narrow = wordOf(
    stretches.map((part) => Buffer.from(part, 'latin1')),
    isFolded,
  );
  const wide = wordOf(
    stretches.map((part) => Buffer.from(part, 'utf16le')),
    isFolded,
  );
  const words = [...(isNarrow ? [narrow] : []), ...(isWide ? [wide] : [])];
  const known = words.filter((word) => word !== undefined);
  return known.length === words.length ? known : undefined;
}

/** A jump, a byte, and the signs around alternatives. */
const HEX_TOKEN = /\[[^\]]*\]|~?[0-9a-fA-F?]{2}|[()|]/g;
const BYTE = /^[0-9a-fA-F]{2}$/;

/** As `textWords` for a pattern of bytes; `hex` is its source with the braces. */
export function hexWords(hex: string): readonly Word[] | undefined {
  const plain = hex.slice(1, -1).replace(/\s+/g, '');
  const tokens = plain.match(HEX_TOKEN) ?? [];
  if (tokens.join('') !== plain) {
    return undefined;
  }
  let depth = 0;
  const stretches = [''];
  for (const token of tokens) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    if (depth === 0 && BYTE.test(token)) {
      stretches.push(`${stretches.pop()}${token}`);
    } else {
      stretches.push('');
    }
  }
  const word = wordOf(
    stretches.map((stretch) => Buffer.from(stretch, 'hex')),
    false,
  );
  return word === undefined ? undefined : [word];
}
