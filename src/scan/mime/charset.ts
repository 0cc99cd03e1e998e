import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';
import { ebcdicText, isEbcdic } from './ebcdic.ts';
import { isRightToLeftMac, rightToLeftMacText } from './mac-charsets.ts';
import { decodeUtf7, isUtf7 } from './utf7.ts';

/** `bytes` as text; an unknown charset is read as latin1, so that no byte is lost. */
export function decodeText(bytes: Buffer, charset: string): string {
  const name = charset.trim().toLowerCase();
  if (name === '' || name === 'us-ascii' || name === 'utf-8') {
    return bytes.toString('utf8', 0, bytes.length);
  }
  if (isEbcdic(name)) {
    return ebcdicText(bytes);
  }
  if (isRightToLeftMac(name)) {
    return rightToLeftMacText(bytes);
  }
  if (isUtf7(name)) {
    return decodeUtf7(bytes);
  }
  if (isIconvCharset(name)) {
    return iconv.decode(bytes, name);
  }
  const decoder = nativeDecoder(name);
  if (decoder === undefined) {
    return bytes.toString('latin1', 0, bytes.length);
  }
  return decoder.decode(decoder.encoding === 'iso-2022-jp' ? withoutIdleEscapes(bytes) : bytes);
}

/** An escape sequence with which no character is written, as the next one follows at once. */
const IDLE_ESCAPE = /\x1b(?:\$[@B]|\([BIJ])(?=\x1b(?:\$[@B]|\([BIJ]))/g;

/** Browsers show a character for them that others do not. */
function withoutIdleEscapes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1', 0, bytes.length);
  return text.search(IDLE_ESCAPE) >= 0 ? Buffer.from(text.replace(IDLE_ESCAPE, ''), 'latin1') : bytes;
}

/** True for a charset that can be decoded. */
export function isKnownCharset(name: string): boolean {
  const isOurs = isEbcdic(name) || isRightToLeftMac(name);
  return isOurs || isIconvCharset(name) || nativeDecoder(name) !== undefined;
}

/** iconv-lite takes transfer encodings for charsets as well. */
function isIconvCharset(name: string): boolean {
  return name !== 'base64' && name !== 'hex' && iconv.encodingExists(name);
}

function nativeDecoder(name: string): TextDecoder | undefined {
  try {
    return new TextDecoder(name);
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined; // a charset that nobody knows
    }
    throw error;
  }
}

/** Labels under which ASCII rules and UTF-8 rules see the text as it is, or differ in accents only. */
const TRANSPARENT = /^(?:|utf-?8|us-ascii|ascii|iso-8859-(?:1|15)|latin-?1|windows-1252|cp1252|binary)$/;

/** True for a label that changes nothing of what rules can see; lower case, trimmed. */
export function isTransparentCharset(label: string): boolean {
  return TRANSPARENT.test(label);
}
