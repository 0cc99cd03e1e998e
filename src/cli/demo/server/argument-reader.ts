/** The command cannot be executed; answered as a tagged `NO` or `BAD`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly condition: 'NO' | 'BAD';
  constructor(condition: 'NO' | 'BAD', message: string) {
    super(message);
    this.condition = condition;
  }
}

/** Numbers or ranges; `*` is Infinity until it meets a mailbox. */
export type SequenceSet = readonly (readonly [low: number, high: number])[];

/** Lists or search keys nested deeper are no command of any client. */
const MAX_DEPTH = 20;

/** Reads the arguments of one whole IMAP command, literals included. Throws `Refusal` BAD. */
export class ArgumentReader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(command: Buffer) {
    this.#bytes = command;
  }
  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }
  /** The next character, or an empty string at the end. */
  peek(): string {
    return this.isAtEnd ? '' : this.#bytes.toString('latin1', this.#at, this.#at + 1);
  }
  /** Consumes `text` if it stands here. */
  skip(text: string): boolean {
    const isHere = this.#bytes.toString('latin1', this.#at, this.#at + text.length) === text;
    this.#at += isHere ? text.length : 0;
    return isHere;
  }
  expect(text: string): void {
    if (!this.skip(text)) {
      throw new Refusal('BAD', 'Syntax error in arguments');
    }
  }
  expectEnd(): void {
    if (!this.isAtEnd) {
      throw new Refusal('BAD', 'Unexpected arguments');
    }
  }
  /** Characters up to a space, parenthesis, bracket, quote or brace; not empty. */
  atom(): string {
    return this.#match(/[^\s(){}"[\]\x00-\x1f\x7f]+/y);
  }
  /** A mailbox pattern or name: an atom that may hold brackets and wildcards, or a string. */
  astring(): string {
    const next = this.peek();
    return next === '"' || next === '{'
      ? this.string().toString('latin1')
      : this.#match(/[^\s(){"\x00-\x1f\x7f]+/y);
  }
  /** A quoted string or a literal. */
  string(): Buffer {
    if (this.peek() === '"') {
      return Buffer.from(
        this.#match(/"(?:[^"\\\r\n]|\\["\\])*"/y)
          .slice(1, -1)
          .replace(/\\(.)/g, '$1'),
        'latin1',
      );
    }
    const size = Number(/\d+/.exec(this.#match(/\{\d+\+?\}\r?\n/y))?.[0]);
    const start = this.#at;
    this.#at += size;
    return this.#bytes.subarray(start, start + size);
  }
  number(): number {
    return Number(this.#match(/\d{1,10}/y));
  }
  sequenceSet(): SequenceSet {
    return this.#match(/(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?(?:,(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?)*/y)
      .split(',')
      .map(parseRange);
  }
  /** `(item item …)`; a single item without parentheses is taken as well when `isLoose`. */
  list<T>(item: () => T, isLoose = false): T[] {
    if (isLoose && this.peek() !== '(') {
      return [item()];
    }
    return this.nested(() => {
      const items: T[] = [];
      this.expect('(');
      while (!this.skip(')')) {
        items.push(item());
        this.skip(' ');
      }
      return items;
    });
  }
  /** Reads one level deeper, with a bound. */
  nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) {
      throw new Refusal('BAD', 'Nested too deeply');
    }
    const result = read();
    this.#depth -= 1;
    return result;
  }
  #match(pattern: RegExp): string {
    // Literals may be megabytes; nothing that is matched as text is longer than a line.
    const text = this.#bytes.toString('latin1', this.#at, this.#at + 65_536);
    const found = pattern.exec(text);
    if (found === null) {
      throw new Refusal('BAD', 'Syntax error in arguments');
    }
    this.#at += found[0].length;
    return found[0];
  }
}

function parseRange(text: string): readonly [number, number] {
  const [first = '', last = first] = text.split(':');
  const low = first === '*' ? Infinity : Number(first);
  const high = last === '*' ? Infinity : Number(last);
  return [Math.min(low, high), Math.max(low, high)];
}
