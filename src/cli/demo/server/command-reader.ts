import type { ByteSink } from './connection.ts';

/** Long enough for every UID set that clients send. */
const MAX_LINE_BYTES = 64 * 1024;
/** An APPEND of the largest usual mail. */
const MAX_LITERAL_BYTES = 64 * 1024 * 1024;
const LF = 10;

/** The peer broke a limit of the framing; the session ends. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

interface ReaderSettings {
  /** IMAP: a line that ends in `{n}` or `{n+}` goes on after n octets. */
  readonly hasLiterals: boolean;
  /** Asked to invite a synchronising literal. */
  readonly invite?: () => void;
  /** There is room for more bytes. */
  readonly drained?: () => void;
}

/** Cuts received bytes into commands: a line, or lines with the literals between them, still encoded. */
export class CommandReader implements ByteSink {
  readonly #settings: ReaderSettings;
  #chunks: Buffer[] = [];
  #unread = 0;
  /** Where the line that is being looked for starts; behind the literals that were seen. */
  #lineStart = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  constructor(settings: ReaderSettings) {
    this.#settings = settings;
  }
  get unreadBytes(): number {
    return this.#unread;
  }
  get neededBytes(): number {
    return this.#lineStart + MAX_LINE_BYTES;
  }
  push(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#unread += bytes.length;
    this.#wake?.();
  }
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }
  /** The next whole command without its final line break; undefined when the peer is gone. Rejects with FramingError. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const command = this.#take();
      if (command !== undefined) {
        this.#settings.drained?.();
        return command;
      }
      if (this.#hasEnded) {
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
  #take(): Buffer | undefined {
    while (this.#unread > this.#lineStart) {
      const bytes = this.#joined();
      const lineEnd = bytes.indexOf(LF, this.#lineStart);
      if ((lineEnd === -1 ? bytes.length : lineEnd) - this.#lineStart > MAX_LINE_BYTES) {
        throw new FramingError('line too long');
      }
      if (lineEnd === -1) {
        return undefined;
      }
      const literal = this.#settings.hasLiterals ? literalAt(bytes, this.#lineStart, lineEnd) : undefined;
      if (literal === undefined) {
        return this.#cut(bytes, lineEnd);
      }
      this.#lineStart = lineEnd + 1 + literal.size;
      if (literal.isSynchronising) {
        this.#settings.invite?.();
      }
    }
    return undefined;
  }
  #cut(bytes: Buffer, lineEnd: number): Buffer {
    this.#chunks = lineEnd + 1 === bytes.length ? [] : [bytes.subarray(lineEnd + 1)];
    this.#unread -= lineEnd + 1;
    this.#lineStart = 0;
    return bytes.subarray(0, bytes[lineEnd - 1] === 13 ? lineEnd - 1 : lineEnd);
  }
  #joined(): Buffer {
    const [first] = this.#chunks;
    const joined = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

function literalAt(bytes: Buffer, lineStart: number, lineEnd: number) {
  const tail = bytes.toString('latin1', Math.max(lineStart, lineEnd - 24), lineEnd);
  const match = /\{(\d{1,15})(\+?)\}\r?$/.exec(tail);
  if (match === null) {
    return undefined;
  }
  const size = Number(match[1]);
  if (size > MAX_LITERAL_BYTES) {
    throw new FramingError('literal too large');
  }
  return { size, isSynchronising: match[2] === '' };
}
