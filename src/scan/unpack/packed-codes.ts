import { latin1 } from './byte-view.ts';
import { signsOf, signStretches } from './sign-stretches.ts';

/** Runs of such escapes: `%u5041`, `\u5041`; in one of them stand two bytes. */
const RUN = /(?:[%\\]u[\da-f]{4}){6,}/gi;
const SIGNS = signsOf(/[%\\u\da-f]/i);
/** Bytes of the shortest run. */
const MIN_RUN = 36;
const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const ESCAPE_LENGTH = 6;
const HEX = 16;
/** A code that no single byte has: the others are read as characters. */
const FIRST_WIDE = 0x100;
const MARK_LENGTH = 2;

function packed(run: string): Buffer[] {
  const little = Buffer.allocUnsafe((run.length / ESCAPE_LENGTH) * 2);
  let isWide = false;
  for (let at = 0; at < run.length; at += ESCAPE_LENGTH) {
    const code = Number.parseInt(run.slice(at + MARK_LENGTH, at + ESCAPE_LENGTH), HEX);
    isWide ||= code >= FIRST_WIDE;
    little.writeUInt16LE(code, (at / ESCAPE_LENGTH) * 2);
  }
  return isWide ? [little, Buffer.from(little).swap16()] : [];
}

/** Bytes that a script packs two and two into its characters, read from either end of each. Takes linear time. */
export function packedCodes(bytes: Buffer): Buffer[] {
  // The search for one byte is many times faster, and most texts have none of it.
  const isWritten = bytes.includes(PERCENT) || bytes.includes(BACKSLASH);
  const found: Buffer[] = [];
  for (const { start, end } of isWritten ? signStretches(bytes, SIGNS, MIN_RUN) : []) {
    found.push(...(latin1(bytes, start, end).match(RUN) ?? []).flatMap(packed));
  }
  return found;
}
