import { latin1 } from './byte-view.ts';
import { withoutEscapes } from './pdf-text.ts';

/** What a page shows: its strings put together, however its program cuts and places them (ISO 32000 9.4). */

/** Content of one stream that is read, bytes: a page with more is drawings. */
const MAX_CONTENT = 1024 * 1024;
/** Kerning, in thousandths of the letter size, from which on it is a blank between words. */
const BLANK_KERNING = -200;
/** A string, a kerning, or an operator that ends a line. Each alternative excludes its own opening sign: linear. */
const TOKEN =
  /\(((?:\\[\s\S]|[^\\()]){0,4000})\)|<([0-9a-fA-F\s]{2,4000})>|(-\d{1,6})(?:\.\d{1,6})?(?=\s{0,4}[(<])|(?:T\*|\bET\b)/g;

/** The text of a page; undefined when the bytes are none. */
export function shownText(bytes: Buffer): Buffer | undefined {
  if (!bytes.subarray(0, MAX_CONTENT).includes('BT')) {
    return undefined;
  }
  const content = latin1(bytes, 0, MAX_CONTENT);
  if (!/(?:[)\]>])\s{0,16}(?:T[jJ]|['"])/.test(content)) {
    return undefined;
  }
  const parts = Array.from(content.matchAll(TOKEN), ([, literal, hex, kerning]) => {
    if (literal !== undefined) {
      return withoutEscapes(literal);
    }
    if (hex !== undefined) {
      return Buffer.from(hex.replace(/\s+/g, ''), 'hex').toString('latin1');
    }
    return kerning === undefined ? '\n' : Number(kerning) <= BLANK_KERNING ? ' ' : '';
  });
  return Buffer.from(parts.join(''), 'latin1');
}
