import {
  headerValue,
  MAX_STRUCTURED_CHARACTERS,
  parseFieldValue,
  type FieldValue,
  type HeaderField,
  type MimePart,
} from './mime-structure.ts';

/** An IMAP nstring: NIL, quoted, or a literal when quoting is not possible. One character for each byte. */
export function nstring(text: string | undefined): string {
  return text === undefined ? 'NIL' : imapString(text);
}

export function imapString(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && text.length < 1_000) {
    return `"${text.replace(/["\\]/g, '\\$&')}"`;
  }
  return `{${text.length}}\r\n${text}`;
}

/** The ENVELOPE of RFC 3501 section 7.4.2. */
export function renderEnvelope(headers: readonly HeaderField[]): string {
  const text = (name: string) => nstring(headerValue(headers, name));
  const from = addressList(headerValue(headers, 'from'));
  const addresses = (name: string, fallback = 'NIL') => {
    const value = headerValue(headers, name);
    return value === undefined || value === '' ? fallback : addressList(value);
  };
  return `(${[
    text('date'),
    text('subject'),
    from,
    addresses('sender', from),
    addresses('reply-to', from),
    addresses('to'),
    addresses('cc'),
    addresses('bcc'),
    text('in-reply-to'),
    text('message-id'),
  ].join(' ')})`;
}

/** `BODYSTRUCTURE`, or `BODY` without the extension data. */
export function renderBodyStructure(message: Buffer, part: MimePart, isExtended: boolean): string {
  if (part.children.length > 0) {
    const children = part.children.map((child) => renderBodyStructure(message, child, isExtended)).join('');
    const extension = isExtended ? ` ${parameterList(part.params)} ${disposition(part)} ${tail(part)}` : '';
    return `(${children} ${imapString(part.subtype)}${extension})`;
  }
  const fields = [
    imapString(part.type),
    imapString(part.subtype),
    parameterList(part.params),
    basicFields(part),
  ];
  if (part.message !== undefined) {
    fields.push(renderEnvelope(part.message.headers));
    fields.push(renderBodyStructure(message, part.message, isExtended));
  }
  if (part.type === 'TEXT' || part.message !== undefined) {
    fields.push(String(countLines(message, part)));
  }
  if (isExtended) {
    fields.push(nstring(headerValue(part.headers, 'content-md5')), disposition(part), tail(part));
  }
  return `(${fields.join(' ')})`;
}

function basicFields(part: MimePart): string {
  const id = nstring(headerValue(part.headers, 'content-id'));
  const description = nstring(headerValue(part.headers, 'content-description'));
  const encoding = imapString(headerValue(part.headers, 'content-transfer-encoding') ?? '7bit');
  return `${id} ${description} ${encoding} ${part.end - part.bodyStart}`;
}

function disposition(part: MimePart): string {
  const value = headerValue(part.headers, 'content-disposition');
  if (value === undefined) {
    return 'NIL';
  }
  const field = parseFieldValue(value);
  return `(${imapString(field.value)} ${parameterList(field.params)})`;
}

/** Language and location. */
function tail(part: MimePart): string {
  const language = nstring(headerValue(part.headers, 'content-language'));
  return `${language} ${nstring(headerValue(part.headers, 'content-location'))}`;
}

function parameterList(params: FieldValue['params']): string {
  if (params.length === 0) {
    return 'NIL';
  }
  return `(${params.map(([name, value]) => `${imapString(name)} ${imapString(value)}`).join(' ')})`;
}

function countLines(message: Buffer, part: MimePart): number {
  let lines = 0;
  let at = message.indexOf(10, part.bodyStart);
  while (at !== -1 && at < part.end) {
    lines += 1;
    at = message.indexOf(10, at + 1);
  }
  return lines;
}

/** More addresses than anybody writes by hand are left out of the ENVELOPE. */
const MAX_ADDRESSES = 1_000;

function addressList(value: string | undefined): string {
  const list = splitAddresses((value ?? '').slice(0, MAX_STRUCTURED_CHARACTERS))
    .slice(0, MAX_ADDRESSES)
    .map(renderAddress)
    .join('');
  return list === '' ? 'NIL' : `(${list})`;
}

/** At commas outside quotes, comments and angle brackets. Groups are read as their members. */
function splitAddresses(value: string): string[] {
  const members = value.replace(/^[^"<>@,;]*:/, '').replace(/;\s*$/, '');
  const pieces = members.match(/(?:"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)|<[^>]*>|[^,"(<]|["(<])+/g) ?? [];
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== '');
}

function renderAddress(text: string): string {
  const angle = /^(.*?)<([^<>]*)>\s*(?:\(.*\)\s*)?$/s.exec(text);
  const comment = /\(([^()]*)\)/.exec(text)?.[1];
  const display = angle === null ? comment : (angle[1] ?? '').trim();
  const address = (angle?.[2] ?? text.replace(/\([^()]*\)/g, '')).trim();
  const at = address.lastIndexOf('@');
  const local = at === -1 ? address : address.slice(0, at);
  const domain = at === -1 ? undefined : address.slice(at + 1);
  return `(${nstring(displayName(display))} NIL ${imapString(local)} ${nstring(domain)})`;
}

function displayName(text: string | undefined): string | undefined {
  if (text === undefined || text === '') {
    return undefined;
  }
  return /^"(.*)"$/s.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? text;
}
