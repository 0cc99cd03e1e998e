import { nameCandidates } from './file-name.ts';
import type { Field } from './header-block.ts';
import { withoutComments } from './header-comments.ts';
import { parameterCandidates, parameterPattern } from './parameter-candidates.ts';

/** What the content fields of an entity say in their plainest reading. */
export interface ContentFields {
  /** `type/subtype`, lower case; `text/plain` when absent. */
  readonly type: string;
  readonly boundary: string | undefined;
  readonly charset: string | undefined;
  /** Other charsets that some parser could take from the header, lower case. */
  readonly otherCharsets: readonly string[];
  /** Lower case; empty when absent. */
  readonly encoding: string;
  /** Every transfer encoding that a field of its own names, lower case. */
  readonly encodings: readonly string[];
  /** The compressions that Content-Encoding names (RFC 9110 8.4), lower case; some clients undo them. */
  readonly codings: readonly string[];
  /** Lines that end in a blank go on in the next, without it (RFC 3676 4.2). */
  readonly isFlowed: boolean;
  /** One of several mails that make one message only together (RFC 2046 5.2.2). */
  readonly isFragment: boolean;
  /** Every parameter that may name the file, raw. */
  readonly nameParameters: ReadonlyMap<string, string>;
  /** Names that some parser could take from the header and `nameParameters` do not tell, decoded. */
  readonly otherNames: readonly string[];
  /** False when another parser could read something else. */
  readonly regular: boolean;
}

const TYPE = /^[ \t]*([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)[ \t]*/i;
const PARAMETER = /;[ \t]*(?:([!#$%&'*+\-.^_`|~0-9a-z]+)[ \t]*=[ \t]*(?:"([^"\\]*)"|([^\s";,()]*)))?[ \t]*/iy;
const DISPOSITION = /^[ \t]*([a-z-]+)[ \t]*/i;

/** A boundary that no parser reads in two ways (RFC 2046 5.1.1, with the extra characters of common mailers). */
const PLAIN_BOUNDARY = /^(?!=\?)[0-9A-Za-z'()+_,\-./:=?#$%&*!@~^{}|]{1,70}$/;
const PLAIN_ENCODINGS = new Set(['', '7bit', '8bit', 'binary', 'base64', 'quoted-printable']);

interface Parameters {
  readonly values: Map<string, string>;
  readonly regular: boolean;
}

function readParameters(text: string): Parameters {
  const values = new Map<string, string>();
  let regular = true;
  PARAMETER.lastIndex = 0;
  let end = 0;
  for (let match = PARAMETER.exec(text); match !== null; match = PARAMETER.exec(text)) {
    end = PARAMETER.lastIndex;
    const name = match[1]?.toLowerCase();
    if (name !== undefined) {
      regular &&= !values.has(name);
      values.set(name, match[2] ?? match[3] ?? '');
    }
  }
  return { values, regular: regular && end === text.length };
}

/** The value of the only field of that name; identical repetitions are one (a cosmetic fault). */
function single(fields: readonly Field[], name: string): { value: string | undefined; regular: boolean } {
  let value: string | undefined;
  let regular = true;
  for (const field of fields) {
    if (field.name === name) {
      regular &&= value === undefined || value === field.value;
      value ??= field.value;
    }
  }
  return { value, regular };
}

interface TypeReading {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly regular: boolean;
}

function readType(value: string | undefined): TypeReading {
  const match = TYPE.exec(value ?? '');
  if (value === undefined || match === null) {
    return { type: 'text/plain', parameters: new Map(), regular: value === undefined };
  }
  const { values, regular } = readParameters(value.slice(match[0].length));
  return { type: (match[1] ?? '').toLowerCase(), parameters: values, regular };
}

/** A whole type, also behind a comment, which RFC 2045 allows and few programs expect. */
function typeOf(value: string | undefined): TypeReading {
  const plain = readType(value);
  if (plain.regular || value === undefined || !value.includes('(')) {
    return plain;
  }
  return { ...readType(withoutComments(value)), regular: false };
}

const CHARSET = parameterPattern('charset');

/** Readings of one charset label; more are nobody's mail. */
const MAX_CHARSETS = 8;

/** Charsets that the parameters do not tell: of another field, behind a comment, cut in segments. */
function charsetCandidates(fields: readonly string[]): string[] {
  const variants = fields.flatMap((value) => [value, withoutComments(value)]);
  const labels = parameterCandidates(variants, CHARSET).map((label) => label.trim().toLowerCase());
  return labels.filter((label) => /^[\w.:+-]{2,40}$/.test(label)).slice(0, MAX_CHARSETS);
}

function mayConfuse(name: string): boolean {
  return name.includes('boundary') && name !== 'boundary';
}

interface NamedFile {
  readonly parameters: ReadonlyMap<string, string>;
  readonly others: readonly string[];
}

/** Fields of one name that are read in every way; each reading costs a look at every parameter. */
const MAX_FIELDS = 4;

/** `url` stands for a name in message/external-body (RFC 2017). */
const NAME_PARAMETER = /^(?:(?:file)?name(?:\*|$)|url$)/;

/** What names the file: the parameters of both fields, and the fields themselves when they can be read otherwise. */
function namedFile(fields: readonly Field[], type: TypeReading): NamedFile {
  const { value, regular } = single(fields, 'content-disposition');
  const disposition = value ?? '';
  const start = DISPOSITION.exec(disposition)?.[0].length ?? 0;
  const placed = readParameters(disposition.slice(start));
  const parameters = [...type.parameters, ...placed.values].filter(([name]) => NAME_PARAMETER.test(name));
  const found = new Map(parameters);
  const isPlain = regular && placed.regular && type.regular && isJoinable(found);
  const read = isPlain ? [] : valuesOf(fields, 'content-type', 'content-disposition').slice(0, MAX_FIELDS);
  return { parameters: found, others: read.flatMap(nameCandidates) };
}

const SEGMENT = /^((?:file)?name)\*([0-9]{1,4})\*?$/;

/** True when the segments of each name are numbered from zero on without a gap (RFC 2231 3). */
function isJoinable(parameters: ReadonlyMap<string, string>): boolean {
  const counts = new Map<string, number>();
  const segments = [...parameters.keys()].map((key) => SEGMENT.exec(key)).filter((match) => match !== null);
  for (const [, base = ''] of segments) {
    counts.set(base, (counts.get(base) ?? 0) + 1);
  }
  return segments.every(
    ([, base = '', place = '']) => `${Number(place)}` === place && Number(place) < (counts.get(base) ?? 0),
  );
}

function valuesOf(fields: readonly Field[], ...names: readonly string[]): string[] {
  return fields.filter(({ name }) => names.includes(name)).map(({ value }) => value);
}

function codingsOf(fields: readonly Field[]): string[] {
  const values = valuesOf(fields, 'content-encoding');
  return values.flatMap((value) => value.toLowerCase().match(/[a-z0-9-]{2,20}/g) ?? []);
}

function isFlowed({ parameters }: TypeReading): boolean {
  return /^flowed$/i.test(parameters.get('format') ?? '') && /^yes$/i.test(parameters.get('delsp') ?? '');
}

/** The first part of one is all of it. */
function isFragment({ type, parameters }: TypeReading): boolean {
  const isOnly = parameters.get('number') === '1' && parameters.get('total') === '1';
  return type === 'message/partial' && !isOnly;
}

/** Reads Content-Type, Content-Transfer-Encoding, Content-Encoding and Content-Disposition. */
export function readContentFields(fields: readonly Field[]): ContentFields {
  const typeField = single(fields, 'content-type');
  const encodingField = single(fields, 'content-transfer-encoding');
  const type = typeOf(typeField.value);
  const encoding = (encodingField.value ?? '').trim().toLowerCase();
  const boundary = type.parameters.get('boundary');
  const charset = type.parameters.get('charset')?.toLowerCase();
  const named = namedFile(fields, type);
  const isPlainType =
    typeField.regular &&
    type.regular &&
    ![...type.parameters.keys()].some((key) => key.startsWith('charset*'));
  const charsets = isPlainType
    ? []
    : charsetCandidates(valuesOf(fields, 'content-type').slice(0, MAX_FIELDS));
  return {
    type: type.type,
    boundary,
    charset: charset ?? charsets[0],
    otherCharsets: charsets.filter((label) => label !== (charset ?? charsets[0])),
    encoding,
    encodings: valuesOf(fields, 'content-transfer-encoding').map((value) => value.trim().toLowerCase()),
    codings: codingsOf(fields),
    isFlowed: isFlowed(type),
    isFragment: isFragment(type),
    nameParameters: named.parameters,
    otherNames: named.others,
    regular:
      typeField.regular &&
      encodingField.regular &&
      type.regular &&
      PLAIN_ENCODINGS.has(encoding) &&
      (boundary === undefined || PLAIN_BOUNDARY.test(boundary)) &&
      (boundary !== undefined || !type.type.startsWith('multipart/')) &&
      ![...type.parameters.keys()].some(mayConfuse),
  };
}
