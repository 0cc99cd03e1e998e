import { replaceInSlices } from './slice-replace.ts';

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

function found(bytes: Buffer | undefined): Buffer[] {
  return bytes === undefined ? [] : [bytes];
}

export function decimalEscapes(bytes: Buffer): Buffer[] {
  return found(
    bytes.includes(0x5c) && hasDecimals(bytes.toString('latin1'))
      ? replaceInSlices(bytes, withoutDecimals)
      : undefined,
  );
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
  return text.replace(DECIMAL, (whole, digits: string) => {
    const code = Number(digits);
    return code < 256 ? String.fromCharCode(code) : whole;
  });
}

/** An escape in a literal whose text is read as a script or as data once more. */
export const NESTED_ESCAPE_WORDS: readonly string[] = ['\\\\u00', '\\\\x'];
const NESTED = /\\{2,8}(?:u00|x)([\da-f]{2})/gi;

export function nestedEscapes(bytes: Buffer): Buffer[] {
  return found(
    replaceInSlices(bytes, (text) =>
      text.replace(NESTED, (_whole, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    ),
  );
}

/** A property of an address card or calendar of version 2.1 or 1.0, whose text is quoted-printable. */
export const PRINTABLE_WORDS: readonly string[] = ['encoding=quoted-printable', ';quoted-printable:'];

export function printableProperties(bytes: Buffer): Buffer[] {
  return found(
    replaceInSlices(bytes, (text) =>
      text
        .replace(/=[ \t]{0,8}\r?\n[ \t]?/g, '')
        .replace(/=([\dA-Fa-f]{2})/g, (_whole, digits: string) =>
          String.fromCharCode(Number.parseInt(digits, 16)),
        ),
    ),
  );
}

/** Entities that an XML file declares for itself. */
export const ENTITY_WORDS: readonly string[] = ['<!entity '];
const DECLARED = /<!ENTITY\s{1,8}([\w.-]{1,64})\s{1,8}(?:"([^"<&]{0,4096})"|'([^'<&]{0,4096})')/gi;
const MAX_ENTITIES = 1000;
/** What they add to a text at most, bytes: entities of entities are not read. */
const MAX_ADDED = 1024 * 1024;

export function declaredEntities(bytes: Buffer): Buffer[] {
  const values = new Map<string, string>();
  for (const [, name = '', one, other] of bytes.toString('latin1').matchAll(DECLARED)) {
    if (values.size < MAX_ENTITIES) {
      values.set(name, one ?? other ?? '');
    }
  }
  let left = MAX_ADDED;
  const plain = (text: string): string =>
    text.replace(/&([\w.-]{1,64});/g, (whole, name: string) => {
      const value = values.get(name);
      left -= value?.length ?? 0;
      return value === undefined || left < 0 ? whole : value;
    });
  return found(values.size === 0 ? undefined : replaceInSlices(bytes, plain));
}

/** A patch that adds lines of encoded data: the sign before each is a letter of base64 as well. */
export const PATCH_WORDS: readonly string[] = ['\n@@ -'];
const ADDED = /\n\+[A-Za-z0-9+/=]{40,1000}\r?\n\+[A-Za-z0-9+/=]{4,1000}\r?\n/;

export function addedLines(bytes: Buffer): Buffer[] {
  const hasData = ADDED.test(bytes.toString('latin1'));
  return found(hasData ? replaceInSlices(bytes, (text) => text.replace(/^\+/gm, '')) : undefined);
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
