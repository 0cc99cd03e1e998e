import { decodeText } from './charset.ts';

/** Longest value that is taken; RFC 2046 allows a boundary 70 characters, a file system a name 255. */
export const MAX_VALUE_LENGTH = 1024;

/** Parameters looked at in one header. */
const MAX_PARAMETERS = 64;

/** Behind the name of a parameter: the segment of RFC 2231 and the equals sign. Every quantifier is bounded. */
const BEHIND_NAME = '[ \\t\\r\\n]{0,40}(?:\\*([0-9]{0,4})(\\*?))?[ \\t\\r\\n]{0,40}=[ \\t\\r\\n]{0,80}';

/** Matches a parameter wherever it stands; `name` is the source of a pattern without groups that bounds its length. */
export function parameterPattern(name: string): RegExp {
  return new RegExp(name + BEHIND_NAME, 'gi');
}

interface Parameter {
  /** Segment number of RFC 2231, or undefined. */
  readonly segment: number | undefined;
  /** The text after the equals sign, to the end of the header. */
  readonly rest: string;
}

function parametersIn(text: string, pattern: RegExp): Parameter[] {
  const found: Parameter[] = [];
  for (const match of text.matchAll(pattern)) {
    const digits = match[1] ?? '';
    const start = match.index + match[0].length;
    found.push({
      segment: digits === '' ? undefined : Number(digits),
      rest: text.slice(start, start + MAX_VALUE_LENGTH),
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

/** Every value that some parser may take for the parameter, without repetitions, likelier ones first. */
export function parameterCandidates(variants: readonly string[], pattern: RegExp): string[] {
  const found = new Set<string>();
  for (const variant of variants) {
    const parameters = parametersIn(variant, pattern);
    const whole = parameters.filter((parameter) => parameter.segment === undefined);
    for (const value of [
      ...whole.flatMap(valueReadings),
      ...segmentReadings(parameters),
      ...parameters.flatMap(valueReadings),
    ]) {
      if (value.length <= MAX_VALUE_LENGTH) {
        found.add(value);
      }
    }
  }
  return [...found];
}
