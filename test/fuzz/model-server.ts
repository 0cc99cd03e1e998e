/**
 * A tiny IMAP server that answers FETCH over messages of one known shape, in several server dialects. Used as the
 * truth of a direct connection and, behind the relay, as a server with habits.
 */

/** How this server writes its answers (protocol notes 1.1). */
export interface Dialect {
  /** UID and FLAGS behind the literals (Exchange). */
  readonly uidLast: boolean;
  /** Small values as quoted strings (Cyrus, Exchange). */
  readonly quotes: boolean;
  /** One response for each item, so that slice and whole come apart. */
  readonly splits: boolean;
  /** An update of another message that nobody asked for. */
  readonly chatters: boolean;
  readonly lowerCase: boolean;
  /** Only UIDs (RFC 9586): answers are UIDFETCH. */
  readonly uidOnly: boolean;
  /** Sends the first message whole, although nobody asked. */
  readonly pushes: boolean;
}

export interface ModelMessage {
  readonly uid: number;
  readonly parts: readonly [string, string];
}

const HEADER = (uid: number): string =>
  `Subject: mail ${uid}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b${uid}\r\n\r\n`;

/** The raw message: two leaves in a multipart. */
export function rawOf({ uid, parts }: ModelMessage): string {
  const body = parts.map((part) => `--b${uid}\r\nContent-Type: text/plain\r\n\r\n${part}\r\n`).join('');
  return `${HEADER(uid)}${body}--b${uid}--\r\n`;
}

export function valueOf(message: ModelMessage, section: string): string {
  const raw = rawOf(message);
  switch (section.toUpperCase()) {
    case '':
      return raw;
    case 'TEXT':
      return raw.slice(HEADER(message.uid).length);
    case 'HEADER':
      return HEADER(message.uid);
    case '1':
      return message.parts[0];
    case '2':
      return message.parts[1];
    case '1.MIME':
      return 'Content-Type: text/plain\r\n\r\n';
    default:
      return '';
  }
}

/** What BINARY shows of a part: decoded, so no substring of the message. */
export function decoded(part: string): string {
  return part.replaceAll('a', 'A');
}

const ITEM = /^(BODY|BINARY|RFC822)(?:\.PEEK|\.(TEXT|HEADER))?(?:\[([^\]]*)\])?(?:<(\d+)\.(\d+)>)?$/i;

export class ModelServer {
  readonly #messages: readonly ModelMessage[];
  readonly #dialect: Dialect;

  constructor(messages: readonly ModelMessage[], dialect: Dialect) {
    this.#messages = messages;
    this.#dialect = dialect;
  }

  /** The answer to one command line (without CRLF). */
  answer(line: string): string {
    if (/ ENABLE /.test(line)) {
      return `* ENABLED UIDONLY\r\n${line.split(' ')[0] ?? '*'} OK enabled\r\n`;
    }
    const [, tag = '*', uid, set, items] = /^(\S+) (UID )?FETCH (\S+) (.*)$/i.exec(line) ?? [];
    if (set === undefined || items === undefined) {
      return `${line.split(' ')[0] ?? '*'} OK done\r\n`;
    }
    const names = items.replace(/^\(|\)$/g, '').split(/ (?![^[]*\])/);
    const chosen = this.#messages.filter((message, index) =>
      inSet(set, uid === undefined ? index + 1 : message.uid, this.#messages.length),
    );
    const answers = chosen.map((message) => this.#fetch(message, names, uid !== undefined));
    const between = `${this.#chatter()}${this.#push()}`;
    return `${answers.join(between)}${this.#push()}${tag} OK fetched\r\n`;
  }

  #chatter(): string {
    const [first] = this.#messages;
    if (!this.#dialect.chatters || first === undefined) {
      return '';
    }
    return `* ${this.#opening(first)} (FLAGS (\\Seen))\r\n`;
  }

  #push(): string {
    const [first] = this.#messages;
    if (!this.#dialect.pushes || first === undefined) {
      return '';
    }
    return `* ${this.#opening(first)} (UID ${first.uid} BODY[] ${this.#string(rawOf(first))})\r\n`;
  }

  #opening(message: ModelMessage): string {
    const sequence = this.#messages.indexOf(message) + 1;
    const opening = this.#dialect.uidOnly ? `${message.uid} UIDFETCH` : `${sequence} FETCH`;
    return this.#dialect.lowerCase ? opening.toLowerCase() : opening;
  }

  #fetch(message: ModelMessage, names: readonly string[], isUid: boolean): string {
    const wanted = isUid && !names.some((name) => /^uid$/i.test(name)) ? ['UID', ...names] : names;
    const values = wanted.map((name) => this.#item(message, name));
    const ordered = this.#dialect.uidLast
      ? [...values.filter((value) => !isMeta(value)), ...values.filter(isMeta)]
      : values;
    const opening = this.#opening(message);
    const groups = this.#dialect.splits ? ordered.map((value) => [value]) : [ordered];
    return groups.map((group) => `* ${opening} (${group.join(' ')})\r\n`).join('');
  }

  #item(message: ModelMessage, name: string): string {
    const upper = name.toUpperCase();
    if (upper === 'UID') {
      return `UID ${message.uid}`;
    }
    if (upper === 'FLAGS') {
      return 'FLAGS (\\Seen)';
    }
    if (upper === 'RFC822.SIZE') {
      return `RFC822.SIZE ${rawOf(message).length}`;
    }
    if (upper === 'BODYSTRUCTURE') {
      return `BODYSTRUCTURE (${structure(message)} "MIXED")`;
    }
    if (upper.startsWith('BINARY.SIZE')) {
      return `${name} ${valueOf(message, /\[(.*)\]/.exec(name)?.[1] ?? '').length}`;
    }
    const [, kind, subName = '', section = subName, origin, length] = ITEM.exec(name) ?? [];
    const raw = valueOf(message, section);
    const value = kind?.toUpperCase() === 'BINARY' ? decoded(raw) : raw;
    const from = Number(origin ?? 0);
    const shown = origin === undefined ? value : value.slice(from, from + Number(length));
    const label = name.replace(/\.PEEK/i, '').replace(/<(\d+)\.\d+>$/, '<$1>');
    const mark = kind?.toUpperCase() === 'BINARY' && shown !== '' && !this.#dialect.quotes ? '~' : '';
    return `${label} ${mark}${this.#string(shown)}`;
  }

  #string(value: string): string {
    const mayQuote = this.#dialect.quotes && value.length < 40 && !/[\r\n"\\]/.test(value);
    return mayQuote ? `"${value}"` : `{${value.length}}\r\n${value}`;
  }
}

function isMeta(value: string): boolean {
  return /^(UID|FLAGS|RFC822\.SIZE|BINARY\.SIZE)/i.test(value);
}

function structure({ parts }: ModelMessage): string {
  return parts
    .map((part) => `("TEXT" "PLAIN" NIL NIL NIL "7BIT" ${part.length} ${part.split('\r\n').length})`)
    .join('');
}

function inSet(set: string, number: number, last: number): boolean {
  return set.split(',').some((range) => {
    const [from = '', to = from] = range.split(':');
    const low = from === '*' ? last : Number(from);
    const high = to === '*' ? Number.MAX_SAFE_INTEGER : Number(to);
    return number >= Math.min(low, high) && number <= Math.max(low, high);
  });
}

/** Values by message and item, as a client would understand a stream of responses. */
export function understand(stream: string): Map<string, string> {
  const seen = new Map<string, string>();
  let position = 0;
  while (position < stream.length) {
    const head = /^\* (\d+) (?:uid)?fetch \(/i.exec(stream.slice(position, position + 40));
    if (head === null) {
      const end = stream.indexOf('\r\n', position);
      position = end === -1 ? stream.length : end + 2;
      continue;
    }
    position = readItems(stream, position + head[0].length, head[1] ?? '', seen);
  }
  return seen;
}

function readItems(stream: string, start: number, number: string, seen: Map<string, string>): number {
  let position = start;
  for (;;) {
    const match = /^ ?([A-Z0-9.]+(?:\[[^\]]*\])?(?:<\d+>)?) /i.exec(stream.slice(position, position + 80));
    if (match === null) {
      return position + ')\r\n'.length;
    }
    position += match[0].length;
    const { value, end } = readValue(stream, position);
    seen.set(`${number} ${(match[1] ?? '').toUpperCase()}`, value);
    position = end;
  }
}

function readValue(stream: string, position: number): { value: string; end: number } {
  const literal = /^~?\{(\d+)\}\r\n/.exec(stream.slice(position, position + 20));
  if (literal !== null) {
    const from = position + literal[0].length;
    const end = from + Number(literal[1]);
    return { value: stream.slice(from, end), end };
  }
  if (stream[position] === '"') {
    const end = stream.indexOf('"', position + 1);
    return { value: stream.slice(position + 1, end), end: end + 1 };
  }
  let depth = 0;
  let end = position;
  while (end < stream.length && (depth > 0 || !' )'.includes(stream.charAt(end)))) {
    depth += stream[end] === '(' ? 1 : stream[end] === ')' ? -1 : 0;
    end += 1;
  }
  return { value: stream.slice(position, end), end };
}
