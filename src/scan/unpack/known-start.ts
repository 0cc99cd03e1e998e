import { hasMagic } from './byte-view.ts';

/** First bytes of files that deserve to be a piece of their own when they come out of a document. */
const STARTS: readonly string[] = [
  'PK\u0003\u0004',
  'MZ',
  '\u007fELF',
  '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1',
  '%PDF',
  '{\\rt',
  '7z\u00bc\u00af\u0027\u001c',
  'Rar!\u001a\u0007',
  '\u001f\u008b\u0008',
  'BZh',
  '\u00fd7zXZ\u0000',
  '\u0028\u00b5\u002f\u00fd',
  '\u0004\u0022\u004d\u0018',
  'LZIP\u0001',
  'MSCF',
  'ITSF',
  'ActiveMime',
  '<?xml',
  '<html',
  '<HTML',
  '<!DOCTYPE',
  '<script',
  '<svg',
  'MIME-Version',
  'Received:',
  '\u0078\u009f\u003e\u0022',
  'CWS',
  'FWS',
  'ZWS',
  'L\u0000\u0000\u0000\u0001\u0014\u0002\u0000',
  '\u00ca\u00fe\u00ba\u00be',
  '#!/',
];

/** Most data begin with none of these bytes. */
const FIRST_BYTES = new Uint8Array(256);
for (const start of STARTS) {
  FIRST_BYTES[start.charCodeAt(0)] = 1;
}

export function hasKnownStart(bytes: Uint8Array): boolean {
  return FIRST_BYTES[bytes[0] ?? 0] === 1 && STARTS.some((start) => hasMagic(bytes, start));
}
