import type { Field } from './header-block.ts';

/** What the content fields of an entity say in their plainest reading. */
export interface ContentFields {
  /** `type/subtype`, lower case; `text/plain` when absent. */
  readonly type: string;
  readonly boundary: string | undefined;
  readonly charset: string | undefined;
  /** Lower case; empty when absent. */
  readonly encoding: string;
  /** Every transfer encoding that a field of its own names, lower case. */
  readonly encodings: readonly string[];
  /** Every parameter that may name the file, raw. */
  readonly nameParameters: ReadonlyMap<string, string>;
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

function mayConfuse(name: string): boolean {
  return name.includes('boundary') && name !== 'boundary';
}

/** Reads Content-Type, Content-Transfer-Encoding and Content-Disposition. */
export function readContentFields(fields: readonly Field[]): ContentFields {
  const typeField = single(fields, 'content-type');
  const encodingField = single(fields, 'content-transfer-encoding');
  const disposition = single(fields, 'content-disposition').value ?? '';
  const type = readType(typeField.value);
  const encoding = (encodingField.value ?? '').trim().toLowerCase();
  const boundary = type.parameters.get('boundary');
  const placed = readParameters(disposition.slice(DISPOSITION.exec(disposition)?.[0].length ?? 0)).values;
  return {
    type: type.type,
    boundary,
    charset: type.parameters.get('charset')?.toLowerCase(),
    encoding,
    encodings: fields
      .filter((field) => field.name === 'content-transfer-encoding')
      .map((field) => field.value.trim().toLowerCase()),
    nameParameters: new Map(
      [...type.parameters, ...placed].filter(([name]) => /^(?:file)?name(?:\*|$)/.test(name)),
    ),
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
