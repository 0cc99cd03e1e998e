import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';

/** `bytes` as text; an unknown charset is read as latin1, so that no byte is lost. */
export function decodeText(bytes: Buffer, charset: string): string {
  const name = charset.trim().toLowerCase();
  if (name === '' || name === 'us-ascii' || name === 'utf-8') {
    return bytes.toString('utf8', 0, bytes.length);
  }
  if (isIconvCharset(name)) {
    return iconv.decode(bytes, name);
  }
  const decoder = nativeDecoder(name);
  return decoder === undefined ? bytes.toString('latin1', 0, bytes.length) : decoder.decode(bytes);
}

/** True for a charset that can be decoded. */
export function isKnownCharset(name: string): boolean {
  return isIconvCharset(name) || nativeDecoder(name) !== undefined;
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
