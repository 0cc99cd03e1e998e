import { decodeWords } from './file-name.ts';
import { withoutComments } from './header-comments.ts';
import { parameterCandidates, parameterPattern } from './parameter-candidates.ts';

/** The readings of a header's text that differ for one parser or another. */
export function headerVariants(text: string): string[] {
  const clean = text.replaceAll('\0', '');
  const joined = clean.replace(/[\r\n]+[ \t]*/g, '');
  const unfolded = clean.replace(/(?:\r\n|\r|\n)(?=[ \t])/g, '');
  return [...new Set([text, clean, unfolded, withoutComments(unfolded), decodeWords(unfolded), joined])];
}

/** Encodings that some parser may take from a header: every known word anywhere in it. */
export function encodingCandidates(variants: readonly string[]): {
  base64: boolean;
  quotedPrintable: boolean;
} {
  const squeezed = variants.map((variant) => variant.toLowerCase().replace(/[\s\0]+/g, ''));
  const has = (pattern: RegExp): boolean => squeezed.some((variant) => pattern.test(variant));
  return { base64: has(/base-?64|x-gzip64|mixed64/), quotedPrintable: has(/quoted-?printable/) };
}

const BOUNDARY = parameterPattern('bound[a-z]{0,8}');

/** Every boundary that some parser may take from a header, without repetitions, likelier ones first. */
export function boundaryCandidates(variants: readonly string[]): string[] {
  return parameterCandidates(variants, BOUNDARY);
}
