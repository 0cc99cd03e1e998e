import { isMechanismKept } from './capabilities.ts';
import { REPLIES } from './replies.ts';

/** Which session state a command belongs to (RFC 1939). */
export type Stage = 'before-login' | 'after-login' | 'any';

/** One client line, understood. `wire` is the canonical form that goes to the server. */
export type Command =
  | { readonly kind: 'user' | 'apop'; readonly wire: Buffer; readonly user: string }
  | { readonly kind: 'pass'; readonly wire: Buffer }
  | { readonly kind: 'auth'; readonly mechanism: string; readonly initial: string | undefined }
  | { readonly kind: 'auth-list' | 'capa' | 'languages' | 'stls' | 'quit' }
  | { readonly kind: 'single'; readonly verb: string; readonly wire: Buffer; readonly number: number }
  | { readonly kind: 'listing'; readonly verb: 'LIST' | 'UIDL' }
  /** `lines` undefined: RETR. */
  | { readonly kind: 'retrieve'; readonly number: number; readonly lines: number | undefined }
  | { readonly kind: 'refused'; readonly what: string; readonly text: string; readonly bad: boolean };

const NUMBER = /^\d{1,10}$/u;
/** RFC 5646 language tags, `*` for the default of RFC 6856. */
const LANGUAGE = /^(?:\*|[A-Za-z0-9-]{1,64})$/u;
const MECHANISM = /^[A-Za-z0-9_-]{1,20}$/u;
export const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u;
/** Words a browser or a mail transfer client begins with (ALPACA, protocol notes 6.4). */
const FOREIGN =
  /^(?:(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI|HELO|EHLO|LHLO)(?: |$)|\S+ \S+ HTTP\/\d)/iu;

/** Verbs that are known and closed: content by other doors, or what we cannot decide the framing of. */
const CLOSED = new Set(['XTND', 'XMIT', '*ENV', 'XSENDER', 'XTRA', 'XAUTH', 'XLST', 'GURL', 'SLNG', 'ENV']);

const STAGES: Readonly<Record<string, Stage>> = {
  USER: 'before-login',
  PASS: 'before-login',
  APOP: 'before-login',
  AUTH: 'before-login',
  STLS: 'before-login',
  STAT: 'after-login',
  LIST: 'after-login',
  UIDL: 'after-login',
  RETR: 'after-login',
  TOP: 'after-login',
  DELE: 'after-login',
  RSET: 'after-login',
  LAST: 'after-login',
  NOOP: 'any',
  QUIT: 'any',
  CAPA: 'any',
  UTF8: 'any',
  LANG: 'any',
};

const SYNTAX = { text: REPLIES.syntax, bad: true } as const;

/** Is this the first line of another protocol? */
export function isForeignProtocol(line: Buffer): boolean {
  return FOREIGN.test(line.toString('latin1'));
}

/** Upper-case verb of a line; names are a closed set, so that they can be a metric label. */
export function verbOf(line: Buffer): string {
  const verb = (line.toString('latin1', 0, 16).split(' ', 1)[0] ?? '').toUpperCase();
  return Object.hasOwn(STAGES, verb) || CLOSED.has(verb) ? verb : 'unknown';
}

export function stageOf(verb: string): Stage {
  return STAGES[verb] ?? 'any';
}

function words(line: Buffer): string[] {
  return line
    .toString('latin1')
    .split(' ')
    .slice(1)
    .filter((word) => word !== '');
}

function canonical(...parts: readonly (string | number)[]): Buffer {
  return Buffer.from(`${parts.join(' ')}\r\n`, 'latin1');
}

/** Arguments that nobody but the server may interpret: everything behind the verb and one blank. */
function verbatim(verb: string, line: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${verb} `), line.subarray(verb.length + 1), Buffer.from('\r\n')]);
}

/** Parses a line whose verb is known to be allowed at this point. */
export function parseCommand(verb: string, line: Buffer, plusOffered: boolean): Command {
  switch (verb) {
    case 'USER':
    case 'PASS':
    case 'APOP':
      return parseLogin(verb, line);
    case 'AUTH':
      return parseAuth(line, plusOffered);
    case 'LIST':
    case 'UIDL':
      return words(line).length === 0 ? { kind: 'listing', verb } : parseNumbered(verb, line);
    case 'LANG':
      return parseLanguage(line);
    case 'DELE':
      return parseNumbered(verb, line);
    case 'RETR':
    case 'TOP':
      return parseRetrieval(verb, line);
    default:
      return parseBare(verb, line);
  }
}

function parseLogin(verb: 'USER' | 'PASS' | 'APOP', line: Buffer): Command {
  const [first = '', ...rest] = words(line);
  if (first === '' || (verb === 'APOP' && rest.length === 0)) {
    return { kind: 'refused', what: verb, ...SYNTAX };
  }
  const wire = verbatim(verb, line);
  if (verb === 'PASS') {
    return { kind: 'pass', wire };
  }
  const user = verb === 'APOP' ? Buffer.from(first, 'latin1') : line.subarray(verb.length + 1);
  return { kind: verb === 'APOP' ? 'apop' : 'user', wire, user: user.toString('utf8') };
}

function parseAuth(line: Buffer, plusOffered: boolean): Command {
  const [mechanism, initial, ...rest] = words(line);
  if (mechanism === undefined) {
    return { kind: 'auth-list' };
  }
  if (!MECHANISM.test(mechanism) || rest.length > 0) {
    return { kind: 'refused', what: 'AUTH', ...SYNTAX };
  }
  if (!isMechanismKept(mechanism, plusOffered)) {
    return { kind: 'refused', what: 'AUTH', text: REPLIES.mechanism, bad: false };
  }
  if (initial !== undefined && initial !== '=' && !BASE64.test(initial)) {
    return { kind: 'refused', what: 'AUTH', ...SYNTAX };
  }
  return { kind: 'auth', mechanism: mechanism.toUpperCase(), initial };
}

function parseNumbered(verb: 'LIST' | 'UIDL' | 'DELE', line: Buffer): Command {
  const [argument = '', ...rest] = words(line);
  if (!NUMBER.test(argument) || rest.length > 0) {
    return { kind: 'refused', what: verb, ...SYNTAX };
  }
  const number = Number(argument);
  return { kind: 'single', verb, wire: canonical(verb, number), number };
}

function parseRetrieval(verb: 'RETR' | 'TOP', line: Buffer): Command {
  const args = words(line);
  const [number = '', lines] = args;
  if (args.length !== (verb === 'TOP' ? 2 : 1) || !args.every((argument) => NUMBER.test(argument))) {
    return { kind: 'refused', what: verb, ...SYNTAX };
  }
  return { kind: 'retrieve', number: Number(number), lines: lines === undefined ? undefined : Number(lines) };
}

function parseLanguage(line: Buffer): Command {
  const [tag, ...rest] = words(line);
  if (tag === undefined) {
    return { kind: 'languages' };
  }
  if (!LANGUAGE.test(tag) || rest.length > 0) {
    return { kind: 'refused', what: 'LANG', ...SYNTAX };
  }
  return { kind: 'single', verb: 'LANG', wire: canonical('LANG', tag), number: 0 };
}

/** Verbs without arguments: one that got some is not forwarded, because servers differ in what they do then. */
function parseBare(verb: string, line: Buffer): Command {
  if (!Object.hasOwn(STAGES, verb)) {
    const unknown = verb === 'unknown';
    return {
      kind: 'refused',
      what: verb,
      text: unknown ? REPLIES.unknown : REPLIES.notAvailable,
      bad: unknown,
    };
  }
  if (words(line).length > 0) {
    return { kind: 'refused', what: verb, ...SYNTAX };
  }
  switch (verb) {
    case 'CAPA':
      return { kind: 'capa' };
    case 'STLS':
      return { kind: 'stls' };
    case 'QUIT':
      return { kind: 'quit' };
    default:
      return { kind: 'single', verb, wire: canonical(verb), number: 0 };
  }
}
