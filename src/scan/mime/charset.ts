import { TextDecoder } from 'node:util';
import iconv from 'iconv-lite';

/** `bytes` as text; an unknown charset is read as latin1, so that no byte is lost. */
export function decodeText(bytes: Buffer, charset: string): string {
  const name = charset.trim().toLowerCase();
  if (name === '' || name === 'us-ascii' || name === 'utf-8') {
    return bytes.toString('utf8', 0, bytes.length);
  }
  if (iconv.encodingExists(name)) {
    return iconv.decode(bytes, name);
  }
  const decoder = nativeDecoder(name);
  return decoder === undefined ? bytes.toString('latin1', 0, bytes.length) : decoder.decode(bytes);
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
