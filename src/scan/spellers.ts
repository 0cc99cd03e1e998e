/** Unpackers that give another spelling of a text: what looks like a file in one may be the ruin of a file in another. */
const SPELLERS = new Set([
  'text',
  'text-repairs',
  'flowed-text',
  'base64-text',
  'quoted-text',
  'quoted-lines',
  'script-text',
  'wide-text',
  'rtf',
]);

/** True for what an unpacker of that name gives. */
export function isSpelling(unpacker: string): boolean {
  return SPELLERS.has(unpacker);
}
