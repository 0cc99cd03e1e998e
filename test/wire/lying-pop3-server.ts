/** A POP3 server that answers as it should or lies, as it is told. Speaks bytes only, for property tests. */

/** How a reply is spoilt; each is applied to whatever command it meets. */
export const LIES = [
  'honest',
  'refuses',
  'message-in-its-place',
  'message-behind-it',
  'forged-ends',
  'no-status',
  'no-header-end',
  'bare-line-end',
  'half',
] as const;
export type Lie = (typeof LIES)[number];

/** Marks content of one message; nobody may see it before the verdict. */
export const MARKER = /%\d+%/gu;

const CRLF = '\r\n';

export class LyingPop3Server {
  /** Largest message that was sent, in bytes. */
  largest = 0;
  readonly #lies: readonly Lie[];
  #answered = 0;
  #marked = 0;
  #rest = '';

  constructor(lies: readonly Lie[]) {
    this.#lies = lies;
  }

  /** Answers to whole command lines. */
  answer(bytes: Buffer): Buffer {
    const lines = (this.#rest + bytes.toString('latin1')).split(CRLF);
    this.#rest = lines.pop() ?? '';
    return Buffer.from(lines.map((line) => this.#reply(line)).join(''), 'latin1');
  }

  #reply(line: string): string {
    const lie = this.#lies[this.#answered % this.#lies.length] ?? 'honest';
    this.#answered += 1;
    const honest = this.#honest(line);
    switch (lie) {
      case 'honest':
        return honest;
      case 'refuses':
        return `-ERR no${CRLF}`;
      case 'message-in-its-place':
        return `+OK${CRLF}${this.#message()}.${CRLF}`;
      case 'message-behind-it':
        return honest + this.#message();
      case 'forged-ends':
        return `+OK${CRLF}A: b${CRLF}${CRLF}${this.#mark()}\n.\n+OK\r.\r${this.#mark()}${CRLF}.${CRLF}`;
      case 'no-status':
        return this.#message();
      case 'no-header-end':
        return `+OK${CRLF}Subject: x${CRLF}.${CRLF}`;
      case 'bare-line-end':
        return `+OK x\n${honest}`;
      case 'half':
        break;
    }
    return honest.slice(0, honest.length / 2);
  }

  #honest(line: string): string {
    const [verb = '', ...args] = line.split(' ');
    switch (verb) {
      case 'RETR':
        return `+OK${CRLF}${this.#message()}.${CRLF}`;
      case 'TOP':
        return `+OK${CRLF}Subject: x${CRLF}${CRLF}.${CRLF}`;
      case 'LIST':
      case 'UIDL':
        return args.length === 0 ? `+OK${CRLF}1 10${CRLF}2 20${CRLF}.${CRLF}` : `+OK 1 10${CRLF}`;
      case 'CAPA':
      case 'LANG':
        return args.length === 0 ? `+OK${CRLF}TOP${CRLF}SASL PLAIN${CRLF}.${CRLF}` : `+OK${CRLF}`;
      default:
        return `+OK${CRLF}`;
    }
  }

  #mark(): string {
    this.#marked += 1;
    return `%${this.#marked}%`;
  }

  /** Dot-stuffed, without the terminator. */
  #message(): string {
    const mark = this.#mark();
    const body = [`${mark} text`, `..${mark}`, '', `${mark}${'x'.repeat(90)}`, ''].join(CRLF);
    const message = `Subject: x${CRLF}${CRLF}${body}`;
    this.largest = Math.max(this.largest, message.length);
    return message;
  }
}
