import { replaceEach } from './replace-each.ts';

/**
 * Escapes that mean something else in one language than in most others, and that a reading for all of them would
 * spoil: each is undone where a word of that language stands.
 */

/** Decimal numbers behind backslashes, as Lua writes characters: other languages read them as octal ones. */
const DECIMAL = /\\(\d{1,3})/g;
/** So many in a row tell them from references of regular expressions, and digits that no octal number has. */
const DECIMALS = /(?:\\\d{2,3}){4,64}/g;
const NO_OCTAL = /[89]/;
/** Words of Lua. */
export const LUA_WORDS: readonly string[] = [
  'load(',
  'print(',
  'loadstring',
  'local ',
  'os.execute',
  'require',
];

/** The other text, unless it is the same. */
function changed(text: string, other: string): Buffer[] {
  return other === text ? [] : [Buffer.from(other, 'latin1')];
}

function characterOf(_whole: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}

export function decimalEscapes(bytes: Buffer): Buffer[] {
  const text = bytes.includes(0x5c) ? bytes.toString('latin1') : '';
  return hasDecimals(text) ? changed(text, withoutDecimals(text)) : [];
}

function hasDecimals(text: string): boolean {
  for (const [run] of text.matchAll(DECIMALS)) {
    if (NO_OCTAL.test(run)) {
      return true;
    }
  }
  return false;
}

function withoutDecimals(text: string): string {
  return replaceEach(text, DECIMAL, (whole, digits: string) => {
    const code = Number(digits);
    return code < 256 ? String.fromCharCode(code) : whole;
  });
}

/** An escape in a literal whose text is read as a script or as data once more. */
export const NESTED_ESCAPE_WORDS: readonly string[] = ['\\\\u00', '\\\\x'];
const NESTED = /\\{2,8}(?:u00|x)([\da-f]{2})/gi;

export function nestedEscapes(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  return changed(text, replaceEach(text, NESTED, characterOf));
}

/** A property of an address card or calendar of version 2.1 or 1.0, whose text is quoted-printable. */
export const PRINTABLE_WORDS: readonly string[] = ['encoding=quoted-printable', ';quoted-printable:'];

export function printableProperties(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const joined = replaceEach(text, /=[ \t]{0,8}\r?\n[ \t]?/g, () => '');
  return changed(text, replaceEach(joined, /=([\dA-Fa-f]{2})/g, characterOf));
}

/** Entities that an XML file declares for itself. */
export const ENTITY_WORDS: readonly string[] = ['<!entity '];
const DECLARED = /<!ENTITY\s{1,8}([\w.-]{1,64})\s{1,8}(?:"([^"<&]{0,4096})"|'([^'<&]{0,4096})')/gi;
const MAX_ENTITIES = 1000;
/** What they add to a text at most, bytes: entities of entities are not read. */
const MAX_ADDED = 1024 * 1024;

export function declaredEntities(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const values = new Map<string, string>();
  for (const [, name = '', one, other] of text.matchAll(DECLARED)) {
    if (values.size < MAX_ENTITIES) {
      values.set(name, one ?? other ?? '');
    }
  }
  if (values.size === 0) {
    return [];
  }
  let left = MAX_ADDED;
  const plain = replaceEach(text, /&([\w.-]{1,64});/g, (whole, name: string) => {
    const value = values.get(name);
    left -= value?.length ?? 0;
    return value === undefined || left < 0 ? whole : value;
  });
  return changed(text, plain);
}

/** A patch that adds lines of encoded data: the sign before each is a letter of base64 as well. */
export const PATCH_WORDS: readonly string[] = ['\n@@ -'];
const ADDED = /\n\+[A-Za-z0-9+/=]{40,1000}\r?\n\+[A-Za-z0-9+/=]{4,1000}\r?\n/;

export function addedLines(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  return ADDED.test(text)
    ? changed(
        text,
        replaceEach(text, /^\+/gm, () => ''),
      )
    : [];
}

/** Digits that a command of a shell turns into bytes. */
export const SHELL_HEX_WORDS: readonly string[] = ['xxd -r', 'xxd -p -r', 'xxd -ps'];
const SHELL_HEX = /(?<!\w)(?:[\da-f]{2}){6,4096}(?!\w)/gi;
const MAX_WORDS = 10_000;

export function shellHex(bytes: Buffer): Buffer[] {
  const words: Buffer[] = [];
  for (const [digits] of bytes.toString('latin1').matchAll(SHELL_HEX)) {
    words.push(Buffer.from(digits, 'hex'));
    if (words.length === MAX_WORDS) {
      break;
    }
  }
  return words;
}
