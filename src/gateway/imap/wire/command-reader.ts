import { IMAP_LIMITS } from '../limits.ts';
import { ByteCollector } from './byte-collector.ts';
import { Fragmenter, type LiteralHeader } from './fragmenter.ts';
import type { UnitPart } from './nodes.ts';
import { WireError } from './wire-error.ts';

/** What a client said. Uploads come in pieces, because their literals are content. */
export type CommandEvent =
  | {
      readonly kind: 'command';
      readonly tag: string;
      readonly first: string;
      readonly parts: readonly UnitPart[];
    }
  /** A synchronising literal of an ordinary command waits for `+`. */
  | { readonly kind: 'continue' }
  /** The command is refused before its literal was sent; nothing of it follows. */
  | { readonly kind: 'refused'; readonly tag: string; readonly why: 'too-large' | 'not-allowed' }
  /** A line of a SASL exchange or of IDLE. */
  | { readonly kind: 'line'; readonly text: string }
  /** `tag` and `first` name the command in its first piece only. */
  | {
      readonly kind: 'uploadText';
      readonly tag: string;
      readonly first: string;
      readonly text: string;
      readonly literal: LiteralHeader | undefined;
    }
  | { readonly kind: 'uploadOctets'; readonly bytes: Uint8Array; readonly last: boolean }
  /** Not a command at all: no tag, or no command name. */
  | { readonly kind: 'garbage'; readonly text: string };

/** A tag is repeated in replies: printable ASCII, and nothing that means something to a browser (ALPACA). */
const COMMAND = /^([!#$&',\-./0-9:;=?@A-Z[^_`a-z|~]{1,64}) ([A-Za-z][A-Za-z0-9-]{0,31})(?: (.*))?$/s;
const UPLOAD = /^(APPEND|REPLACE|UID REPLACE)$/i;

interface Unit {
  readonly tag: string;
  readonly first: string;
  readonly parts: UnitPart[];
  literalBytes: number;
}

export interface CommandReaderOptions {
  readonly maxUploadBytes: number;
  /** May this command have a literal at all? */
  readonly takesLiteral: (first: string, text: string) => boolean;
}

/** Reads the client's side: one parser for this direction. Throws `WireError`, which ends the session. */
export class CommandReader {
  readonly #options: CommandReaderOptions;
  readonly #fragmenter = new Fragmenter({
    maxLineBytes: IMAP_LIMITS.commandLineBytes,
    maxLiteralBytes: Number.MAX_SAFE_INTEGER, // decided here, where refusing is possible
    from: 'client',
    mayAnnounce: (line) => this.mode === 'command' && COMMAND.test(line),
  });
  #unit: Unit | undefined;
  #uploads = false;
  readonly #literal = new ByteCollector();
  #header: LiteralHeader | undefined;
  /** `line`: the next lines belong to a running AUTHENTICATE or IDLE. */
  mode: 'command' | 'line' = 'command';

  constructor(options: CommandReaderOptions) {
    this.#options = options;
  }

  push(bytes: Uint8Array): void {
    this.#fragmenter.push(bytes);
  }

  get hasLeftover(): boolean {
    return this.#fragmenter.hasLeftover;
  }

  next(): CommandEvent | undefined {
    for (;;) {
      const fragment = this.#fragmenter.next();
      if (fragment === undefined) {
        return undefined;
      }
      const event =
        fragment.kind === 'line'
          ? this.#line(fragment.text, fragment.literal)
          : this.#octets(fragment.bytes, fragment.last);
      if (event !== undefined) {
        return event;
      }
    }
  }

  #line(text: string, literal: LiteralHeader | undefined): CommandEvent | undefined {
    if (this.#unit !== undefined) {
      return this.#more(this.#unit, text, literal);
    }
    if (this.mode === 'line') {
      return { kind: 'line', text };
    }
    return this.#first(text, literal);
  }

  #first(text: string, literal: LiteralHeader | undefined): CommandEvent | undefined {
    const match = COMMAND.exec(text);
    if (match === null) {
      return { kind: 'garbage', text };
    }
    const [, tag = '', word = '', rest = ''] = match;
    const { first, remainder } = withUidVerb(word, rest);
    const unit: Unit = { tag, first, parts: [], literalBytes: 0 };
    if (literal === undefined) {
      return { kind: 'command', tag, first, parts: [remainder] };
    }
    if (!this.#options.takesLiteral(first, remainder) && !literal.nonSync) {
      this.#fragmenter.refuseLiteral();
      return { kind: 'refused', tag, why: 'not-allowed' };
    }
    this.#unit = unit;
    this.#uploads = UPLOAD.test(first);
    return this.#more(unit, remainder, literal);
  }

  #more(unit: Unit, text: string, literal: LiteralHeader | undefined): CommandEvent | undefined {
    const limit = this.#uploads ? this.#options.maxUploadBytes : IMAP_LIMITS.commandLiteralBytes;
    unit.literalBytes += literal?.size ?? 0;
    if (unit.literalBytes > limit) {
      return this.#tooLarge(unit, literal);
    }
    if (literal === undefined) {
      this.#unit = undefined;
    }
    this.#header = literal;
    if (this.#uploads) {
      return { kind: 'uploadText', tag: unit.tag, first: unit.first, text, literal };
    }
    unit.parts.push(text);
    if (literal === undefined) {
      return { kind: 'command', tag: unit.tag, first: unit.first, parts: unit.parts };
    }
    return literal.nonSync ? undefined : { kind: 'continue' };
  }

  /** A synchronising literal can be refused; the octets of the other kind are on their way already. */
  #tooLarge(unit: Unit, literal: LiteralHeader | undefined): CommandEvent {
    if (literal?.nonSync !== false) {
      throw new WireError('literal-too-large', 'literal of a command too large');
    }
    this.#fragmenter.refuseLiteral();
    this.#unit = undefined;
    return { kind: 'refused', tag: unit.tag, why: 'too-large' };
  }

  /** The running upload was refused: its announced literal does not come. */
  refuseUpload(): void {
    this.#fragmenter.refuseLiteral();
    this.#unit = undefined;
  }

  #octets(bytes: Uint8Array, last: boolean): CommandEvent | undefined {
    if (this.#uploads) {
      return { kind: 'uploadOctets', bytes, last };
    }
    this.#literal.add(bytes);
    if (last) {
      const literal = this.#literal.take().toString('latin1');
      this.#unit?.parts.push({ literal, binary: this.#header?.binary ?? false });
    }
    return undefined;
  }
}

/** UID takes its verb along, so that `UID FETCH` is one command name. */
function withUidVerb(word: string, rest: string): { first: string; remainder: string } {
  if (word.toUpperCase() !== 'UID') {
    return { first: word, remainder: rest };
  }
  const space = rest.indexOf(' ');
  const verb = space === -1 ? rest : rest.slice(0, space);
  return { first: `UID ${verb}`, remainder: space === -1 ? '' : rest.slice(space + 1) };
}
