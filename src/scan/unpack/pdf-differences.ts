import type { CodeMap } from './pdf-code-map.ts';

/**
 * Fonts that say by the names of their glyphs which character stands at a code (ISO 32000-1 9.6.6.1), as viewers read
 * them where there is no map to characters.
 */

/** The list of one font: 256 names of up to a line each. */
export const MAX_DIFFERENCES_BYTES = 16 * 1024;

const LIST = /\/Differences\s{0,16}\[([^\]]*)\]/;
const ENTRY = /\/([A-Za-z][\w.]{0,31})|(\d{1,4})/g;
const CODES = 256;
const FIRST_SIGN = 0x20;
const LAST_SIGN = 0x7e;

/** Names that are not the letter itself, from each first code on (Adobe Glyph List). */
const NAMES: readonly (readonly [first: number, names: string])[] = [
  [
    0x20,
    'space exclam quotedbl numbersign dollar percent ampersand quotesingle parenleft parenright asterisk',
  ],
  [0x2b, 'plus comma hyphen period slash zero one two three four five six seven eight nine colon semicolon'],
  [0x3c, 'less equal greater question at'],
  [0x5b, 'bracketleft backslash bracketright asciicircum underscore grave'],
  [0x7b, 'braceleft bar braceright asciitilde'],
];
const GLYPHS: ReadonlyMap<string, string> = new Map([
  ...NAMES.flatMap(([first, names]) =>
    names.split(' ').map((name, index) => [name, String.fromCharCode(first + index)] as const),
  ),
  ...['ff', 'fi', 'fl', 'ffi', 'ffl'].map((name) => [name, name] as const),
]);
/** `uni0041`, `u0041`. */
const NUMBERED = /^u(?:ni)?([\dA-F]{4})$/;

/** What is behind a dot is another form of the same character. */
function characterOf(name: string): string | undefined {
  const [plain = ''] = name.split('.');
  const digits = NUMBERED.exec(plain)?.[1];
  if (digits !== undefined) {
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
  return plain.length === 1 ? plain : GLYPHS.get(plain);
}

function isSign(code: number): boolean {
  return code >= FIRST_SIGN && code <= LAST_SIGN;
}

/**
 * The codes of a font whose object, or whose encoding, is `text`. Undefined where each sign of ASCII stands at its own
 * code: then its strings are read as they are.
 */
export function parseDifferences(text: string): CodeMap | undefined {
  const list = LIST.exec(text)?.[1] ?? '';
  const characters = new Map<number, Buffer>();
  let [code, isTelling] = [0, false];
  for (const [, name, first] of list.matchAll(ENTRY)) {
    if (name === undefined) {
      code = Number(first);
      continue;
    }
    const character = code < CODES ? characterOf(name) : undefined;
    if (character !== undefined) {
      characters.set(code, Buffer.from(character));
      const isElsewhere = character !== String.fromCharCode(code);
      isTelling ||=
        isElsewhere && (isSign(code) || isSign(character.length === 1 ? character.charCodeAt(0) : 0));
    }
    code += 1;
  }
  return isTelling ? { width: 1, characters: withTheRest(characters) } : undefined;
}

/** Codes that are not named mean what they mean in most encodings. */
function withTheRest(named: ReadonlyMap<number, Buffer>): ReadonlyMap<number, Buffer> {
  const codes = Array.from({ length: CODES - FIRST_SIGN }, (_, index) => FIRST_SIGN + index);
  return new Map([...codes.map((code) => [code, Buffer.from(String.fromCharCode(code))] as const), ...named]);
}
