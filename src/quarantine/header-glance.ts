/** The two header fields a list shows. What is not among the first bytes is not looked for. */
export const GLANCE_BYTES = 64 * 1024;
/** As much as a list can show; the same bound as other names in a record. */
const MAX_CHARACTERS = 1_000;
/** Encoded words of one field; a subject has a handful. */
const MAX_ENCODED_WORDS = 64;
const ENCODED_WORD =
  /=\?(?<charset>[\w-]{1,40})(?:\*[\w-]{1,20})?\?(?<form>[bq])\?(?<text>[^? ]{0,400})\?=/giu;

export interface HeaderGlance {
  readonly subject: string;
  readonly sender: string;
}

/** Subject and From of a message as a person would read them: decoded, one line, bounded. Never throws. */
export function glanceAt(start: Uint8Array): HeaderGlance {
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString(
    'latin1',
    0,
    GLANCE_BYTES,
  );
  const end = /\r?\n\r?\n/u.exec(text)?.index ?? text.length;
  const lines = text.slice(0, end).split(/\r?\n(?![ \t])/u);
  return { subject: fieldOf(lines, 'subject:'), sender: fieldOf(lines, 'from:') };
}

function fieldOf(lines: readonly string[], name: string): string {
  const line = lines.find((one) => one.slice(0, name.length).toLowerCase() === name) ?? '';
  const raw = line.slice(name.length, name.length + 4 * MAX_CHARACTERS).replaceAll(/\r?\n[ \t]+/gu, ' ');
  const readable = decodeWords(utf8(raw)).replaceAll(/\p{C}/gu, ' ').trim();
  return readable.slice(0, MAX_CHARACTERS);
}

/** RFC 6532: a header may be UTF-8; what is no UTF-8 is read as Latin-1. */
function utf8(raw: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw, 'latin1'));
  } catch {
    return raw;
  }
}

/** RFC 2047; blanks between two encoded words belong to neither. */
function decodeWords(text: string): string {
  let words = 0;
  return text
    .replaceAll(/(\?=)[ \t]+(?==\?)/gu, '$1')
    .replaceAll(ENCODED_WORD, (word, charset: string, form: string, coded: string) => {
      words += 1;
      return words > MAX_ENCODED_WORDS ? word : decodeWord(word, charset, form, coded);
    });
}

function decodeWord(word: string, charset: string, form: string, coded: string): string {
  const bytes =
    form.toLowerCase() === 'b'
      ? Buffer.from(coded, 'base64')
      : Buffer.from(
          coded
            .replaceAll('_', ' ')
            .replaceAll(/=([0-9a-f]{2})/giu, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
          'latin1',
        );
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return word; // a charset that nobody knows
  }
}
