import { decodeText } from './charset.ts';
import { decodeWords } from './file-name.ts';

/** Comments nest; deeper nesting than this is nobody's mail. */
const MAX_COMMENT_DEPTH = 8;

/** Longest boundary that is taken; RFC 2046 allows 70. */
const MAX_BOUNDARY_LENGTH = 1024;

/** Parameters looked at in one header. */
const MAX_PARAMETERS = 64;

function withoutComments(text: string): string {
  let out = text;
  for (let i = 0; i < MAX_COMMENT_DEPTH; i += 1) {
    const next = out.replace(/\([^()]*\)/g, '');
    if (next === out) {
      break;
    }
    out = next;
  }
  return out.replace(/\([^\r\n]*/g, '');
}

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

/** Every quantifier is bounded: the text is an attacker's. */
const BOUNDARY_PARAMETER =
  /bound[a-z]{0,8}[ \t\r\n]{0,40}(?:\*([0-9]{0,4})(\*?))?[ \t\r\n]{0,40}=[ \t\r\n]{0,80}/gi;

interface Parameter {
  /** Segment number of RFC 2231, or undefined. */
  readonly segment: number | undefined;
  readonly isExtended: boolean;
  /** The text after the equals sign, to the end of the header. */
  readonly rest: string;
}

function boundaryParameters(text: string): Parameter[] {
  const found: Parameter[] = [];
  BOUNDARY_PARAMETER.lastIndex = 0;
  for (let match = BOUNDARY_PARAMETER.exec(text); match !== null; match = BOUNDARY_PARAMETER.exec(text)) {
    const digits = match[1] ?? '';
    found.push({
      segment: digits === '' ? undefined : Number(digits),
      isExtended: match[2] === '*' || (match[1] === '' && match[0].includes('*')),
      rest: text.slice(BOUNDARY_PARAMETER.lastIndex, BOUNDARY_PARAMETER.lastIndex + MAX_BOUNDARY_LENGTH),
    });
    if (found.length >= MAX_PARAMETERS) {
      break;
    }
  }
  return found;
}

/** What follows an opening quote: to the closing one, escapes kept and removed, and with what is glued behind it. */
function quotedReadings(rest: string): string[] {
  const match = /^"((?:[^"\\]|\\[\s\S])*)("?)([^;\s]*)/.exec(rest);
  if (match === null) {
    return [];
  }
  const inner = match[1] ?? '';
  const line = inner.split(/[\r\n]/)[0] ?? '';
  const readings = match[2] === '"' ? [inner] : [line, line.split(';')[0] ?? ''];
  const glued = match[3] ?? '';
  const behind = glued === '' ? [] : [glued.replaceAll('"', ''), inner + glued.replaceAll('"', '')];
  return [...readings, ...readings.map((text) => text.replace(/\\([\s\S])/g, '$1')), ...behind];
}

/** The value as a token: up to each of the characters that some parser stops at. */
function tokenReadings(rest: string): string[] {
  const line = rest.split(/[\r\n]/)[0] ?? '';
  const token = line.split(';')[0] ?? '';
  const cuts = [
    token.trimEnd(),
    token.split(/[ \t]/)[0] ?? '',
    token.split(',')[0] ?? '',
    token.split(/[()]/)[0] ?? '',
  ];
  const bare = cuts.map((text) => text.replaceAll(/["']/g, ''));
  return [...cuts, ...bare];
}

function valueReadings(parameter: Parameter): string[] {
  const plain = parameter.rest.startsWith('"')
    ? [...quotedReadings(parameter.rest), ...tokenReadings(parameter.rest)]
    : tokenReadings(parameter.rest);
  return [...plain, ...plain.flatMap(extendedReadings)];
}

/** RFC 2231: without charset and language, percent escapes decoded, in the charset that is named. */
function extendedReadings(value: string): string[] {
  const match = /^([^']{0,40})'[^']*'(.*)$/s.exec(value);
  const text = match?.[2] ?? value;
  if (match === null && !text.includes('%')) {
    return [];
  }
  const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const inCharset = decodeText(Buffer.from(decoded, 'latin1'), match?.[1] ?? '');
  return [text, decoded, inCharset];
}

function segmentReadings(parameters: readonly Parameter[]): string[] {
  const segments = parameters
    .filter((parameter) => parameter.segment !== undefined)
    .map((parameter) => ({ order: parameter.segment ?? 0, texts: valueReadings(parameter) }));
  if (segments.length === 0) {
    return [];
  }
  const plain = (list: typeof segments): string => list.map((segment) => segment.texts[0] ?? '').join('');
  const sorted = segments.toSorted((a, b) => a.order - b.order);
  const joined = [plain(sorted), plain(segments), plain(segments.toReversed())];
  return [...joined, ...joined.flatMap(extendedReadings)];
}

/** Every boundary that some parser may take from a header, without repetitions, likelier ones first. */
export function boundaryCandidates(variants: readonly string[]): string[] {
  const found = new Set<string>();
  for (const variant of variants) {
    const parameters = boundaryParameters(variant);
    const whole = parameters.filter((parameter) => parameter.segment === undefined);
    for (const value of [
      ...whole.flatMap(valueReadings),
      ...segmentReadings(parameters),
      ...parameters.flatMap(valueReadings),
    ]) {
      if (value.length <= MAX_BOUNDARY_LENGTH) {
        found.add(value);
      }
    }
  }
  return [...found];
}
