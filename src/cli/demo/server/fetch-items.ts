import { Refusal, type ArgumentReader } from './argument-reader.ts';

const HEADER_KINDS = ['HEADER', 'HEADER.FIELDS', 'HEADER.FIELDS.NOT', 'TEXT', 'MIME', ''] as const;
export type SectionKind = (typeof HEADER_KINDS)[number];

/** `BODY[1.2.HEADER.FIELDS (A B)]`: part numbers, what of the part, header names in lower case. */
export interface Section {
  readonly path: readonly number[];
  readonly kind: SectionKind;
  readonly fields: readonly string[];
}

export type FetchItem =
  | { readonly kind: 'metadata'; readonly name: MetadataName }
  | {
      readonly kind: 'content';
      /** As it is echoed in the response, e.g. `BODY[TEXT]<0>`. */
      readonly label: string;
      readonly section: Section;
      readonly partial: { readonly offset: number; readonly count: number } | undefined;
      readonly marksSeen: boolean;
    };

const METADATA = [
  'FLAGS',
  'UID',
  'INTERNALDATE',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODYSTRUCTURE',
  'BODY',
] as const;
export type MetadataName = (typeof METADATA)[number];

const FAST: readonly MetadataName[] = ['FLAGS', 'INTERNALDATE', 'RFC822.SIZE'];
const MACROS: Readonly<Record<string, readonly MetadataName[]>> = {
  FAST,
  ALL: [...FAST, 'ENVELOPE'],
  FULL: [...FAST, 'ENVELOPE', 'BODY'],
};

const RFC822_ITEMS: Readonly<Record<string, readonly [kind: SectionKind, marksSeen: boolean]>> = {
  RFC822: ['', true],
  'RFC822.HEADER': ['HEADER', false],
  'RFC822.TEXT': ['TEXT', true],
  'RFC822.PEEK': ['', false],
};

/** What follows the sequence set of a FETCH. */
export function readFetchItems(args: ArgumentReader): FetchItem[] {
  return args.list(() => readItem(args), true).flat();
}

function readItem(args: ArgumentReader): FetchItem[] {
  const name = args.atom().toUpperCase();
  const rfc822 = RFC822_ITEMS[name];
  if (rfc822 !== undefined) {
    const section: Section = { path: [], kind: rfc822[0], fields: [] };
    const label = name === 'RFC822.PEEK' ? 'RFC822' : name;
    return [{ kind: 'content', label, section, partial: undefined, marksSeen: rfc822[1] }];
  }
  if ((name === 'BODY' || name === 'BODY.PEEK') && args.peek() === '[') {
    return [readBodyItem(args, name === 'BODY')];
  }
  const metadata = METADATA.find((known) => known === name);
  const names = metadata === undefined ? MACROS[name] : [metadata];
  if (names === undefined) {
    throw new Refusal('BAD', 'Unknown FETCH item');
  }
  return names.map((item) => ({ kind: 'metadata', name: item }));
}

function readBodyItem(args: ArgumentReader, marksSeen: boolean): FetchItem {
  args.expect('[');
  const text = args.peek() === ']' ? '' : args.atom().toUpperCase();
  const { path, kind } = parseSectionText(text);
  const names = kind.startsWith('HEADER.FIELDS') ? readFieldNames(args) : [];
  args.expect(']');
  const partial = readPartial(args);
  const list = names.length === 0 ? '' : ` (${names.join(' ')})`;
  const label = `BODY[${text}${list}]${partial === undefined ? '' : `<${partial.offset}>`}`;
  const section = { path, kind, fields: names.map((name) => name.toLowerCase()) };
  return { kind: 'content', label, section, partial, marksSeen };
}

function parseSectionText(text: string) {
  const match = /^((?:\d{1,5}\.)*\d{1,5})?(?:(?:^|\.)([A-Z.]+))?$/.exec(text);
  const kind = HEADER_KINDS.find((known) => known === (match?.[2] ?? ''));
  const path = match?.[1]?.split('.').map(Number) ?? [];
  if (match === null || kind === undefined || (kind === 'MIME' && path.length === 0)) {
    throw new Refusal('BAD', 'Invalid section');
  }
  return { path, kind };
}

function readFieldNames(args: ArgumentReader): string[] {
  args.expect(' ');
  return args.list(() => readFieldName(args));
}

/** Field names are echoed, so what could break the framing of the response is refused. */
function readFieldName(args: ArgumentReader): string {
  const name = args.peek() === '"' || args.peek() === '{' ? args.string().toString('latin1') : args.atom();
  if (!/^[\x21-\x7e]+$/.test(name) || /["()\\[\]{}]/.test(name)) {
    throw new Refusal('BAD', 'Invalid header field name');
  }
  return name;
}

function readPartial(args: ArgumentReader) {
  if (!args.skip('<')) {
    return undefined;
  }
  const offset = args.number();
  args.expect('.');
  const count = args.number();
  args.expect('>');
  return { offset, count };
}
