/**
 * Characters that are shown as nothing (Unicode, Default_Ignorable): vowels of Khmer, fillers of Hangul, signs of
 * Mongolian, zero width, directions, invisible operators, old controls, variation selectors, annotations, controls of
 * shorthand and of music. The soft hyphen, the grapheme joiner and tags are told by the readers themselves.
 */
export const INVISIBLE_RANGES: readonly (readonly [from: number, to: number])[] = [
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
];

/** All of them, one by one. */
export function invisibleCharacters(): string[] {
  return INVISIBLE_RANGES.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)),
  );
}
