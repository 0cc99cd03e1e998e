/** What the braces and escapes of a transcript stand for. The notation is described in README.md. */
import { blanked, neutralised } from '../support/relay-harness.ts';

export type Messages = ReadonlyMap<string, Buffer>;

const CRLF = '\r\n';
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|(.))/gsu;
const REPETITION = /(?<!\\)\{([^{}]{1,64})\*(\d{1,8})\}/gu;
/** `{@name}`, `{=~name:0:20}`, `{#name:header}`, `{@name+}`. */
const REFERENCE = /(?<!\\)\{(=?)([@~%#])([\w.-]+)((?::\w+)*)([+-]?)\}/gu;
const LINE_REFERENCE = /^([@~%])([\w.-]+)((?::\w+)*)$/u;

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', '0': '\0', t: '\t' };

/** Latin-1 view of UTF-8 text: one character is one byte from here on. */
function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function unescape(text: string): string {
  return text.replace(ESCAPE, (_whole, hex: string | undefined, char: string | undefined) =>
    hex === undefined ? (ESCAPES[char ?? ''] ?? char ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function repeat(text: string): string {
  return text.replace(REPETITION, (_whole, unit: string, count: string) => unit.repeat(Number(count)));
}

function headerEnd(content: Buffer): number {
  const at = content.indexOf('\r\n\r\n');
  return at < 0 ? content.length : at + 4;
}

/** What `TOP n k` shows of a message: the header, the empty line and k lines. */
function top(content: Buffer, lines: number): Buffer {
  let end = headerEnd(content);
  for (let line = 0; line < lines && end < content.length; line += 1) {
    const next = content.indexOf('\n', end);
    end = next < 0 ? content.length : next + 1;
  }
  return content.subarray(0, end);
}

function select(content: Buffer, selector: readonly string[]): Buffer {
  const [what = '', argument] = selector;
  switch (what) {
    case '':
      return content;
    case 'header':
      return content.subarray(0, headerEnd(content));
    case 'text':
      return content.subarray(headerEnd(content));
    case 'top':
      return top(content, Number(argument));
    default:
      return content.subarray(Number(what), argument === undefined ? undefined : Number(argument));
  }
}

function disguise(content: Buffer, form: string): Buffer {
  return form === '~' ? neutralised(content) : form === '%' ? blanked(content) : content;
}

function lookUp(messages: Messages, name: string): Buffer {
  const content = messages.get(name) ?? messages.get(`${name}.eml`);
  if (content === undefined) {
    throw new Error(`unknown message ${name}`);
  }
  return content;
}

/** `:header` and friends apply after the disguise, so that offsets are those of the whole message. */
function resolve(messages: Messages, form: string, name: string, selectors: string): Buffer {
  return select(disguise(lookUp(messages, name), form), selectors.split(':').slice(1));
}

/** The line reference: content as a POP3 multi-line body without its terminator. */
function stuffed(content: Buffer): string {
  const text = content.toString('latin1');
  const complete = text === '' || text.endsWith(CRLF) ? text : text + CRLF;
  return complete.replace(/(?<=^|\r\n)\./gu, '..');
}

/**
 * Bytes of one transcript line: escapes, repetitions and message references replaced, CRLF added unless it
 * ends in a single backslash.
 */
export function expandLine(source: string, messages: Messages): Buffer {
  const reference = LINE_REFERENCE.exec(source);
  if (reference !== null) {
    const [, form = '', name = '', selectors = ''] = reference;
    return Buffer.from(stuffed(resolve(messages, form, name, selectors)), 'latin1');
  }
  const open = /(?<!\\)(?:\\\\)*\\$/u.test(source);
  const text = repeat(toByteString(open ? source.slice(0, -1) : source));
  const pieces: string[] = [];
  let at = 0;
  for (const match of text.matchAll(REFERENCE)) {
    pieces.push(unescape(text.slice(at, match.index)), expandReference(match, messages));
    at = match.index + match[0].length;
  }
  pieces.push(unescape(text.slice(at)), open ? '' : CRLF);
  return Buffer.from(pieces.join(''), 'latin1');
}

function expandReference(match: RegExpExecArray, messages: Messages): string {
  const [, raw = '', form = '', name = '', selectors = '', sign = ''] = match;
  const content = resolve(messages, form, name, selectors);
  if (form === '#') {
    return String(content.length);
  }
  const text = content.toString('latin1');
  return raw === '' ? `{${content.length}${sign}}${CRLF}${text}` : text;
}
