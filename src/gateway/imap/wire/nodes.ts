import { WireError } from './wire-error.ts';

/** One argument of a command or value of a response. Text is latin1. */
export type Node =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'string'; readonly value: string; readonly literal: boolean; readonly binary: boolean }
  | { readonly kind: 'list'; readonly nodes: readonly Node[] };

/** A unit as the fragmenter gave it: text, and the literals that stand between. */
export interface LiteralText {
  readonly literal: string;
  readonly binary: boolean;
}
export type UnitPart = string | LiteralText;

export interface NodeLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
  /** May a list follow a list without a space, as in BODYSTRUCTURE? */
  readonly adjacentLists?: boolean;
}

interface Frame {
  readonly nodes: Node[];
}

/**
 * Reads the arguments of one whole, bounded unit. Strict in quotes, parentheses and separators, because two
 * readers that disagree on them are how commands are smuggled. A backslash may only escape `"` and `\`.
 */
export function readNodes(parts: readonly UnitPart[], limits: NodeLimits): readonly Node[] {
  const reader = new NodeReader(limits);
  for (const part of parts) {
    if (typeof part === 'string') {
      reader.text(part);
    } else {
      reader.add({ kind: 'string', value: part.literal, literal: true, binary: part.binary });
    }
  }
  return reader.finish();
}

class NodeReader {
  readonly #limits: NodeLimits;
  readonly #stack: Frame[] = [{ nodes: [] }];
  #count = 0;
  /** A value has just ended: only a space or a parenthesis may follow. */
  #needsSeparator = false;

  constructor(limits: NodeLimits) {
    this.#limits = limits;
  }

  add(node: Node): void {
    if (this.#needsSeparator) {
      throw new WireError('syntax', 'missing space between arguments');
    }
    this.#count += 1;
    if (this.#count > this.#limits.maxNodes) {
      throw new WireError('syntax', `more than ${this.#limits.maxNodes} arguments`);
    }
    this.#top().nodes.push(node);
    this.#needsSeparator = true;
  }

  text(text: string): void {
    let position = 0;
    while (position < text.length) {
      position = this.#step(text, position);
    }
  }

  finish(): readonly Node[] {
    if (this.#stack.length !== 1) {
      throw new WireError('parenthesis', 'unclosed parenthesis');
    }
    return this.#top().nodes;
  }

  #step(text: string, position: number): number {
    switch (text.charAt(position)) {
      case ' ':
        this.#needsSeparator = false;
        return position + 1;
      case '(':
        this.#open();
        return position + 1;
      case ')':
        this.#close();
        return position + 1;
      case '"':
        return this.#quoted(text, position);
      default:
        return this.#atom(text, position);
    }
  }

  #open(): void {
    if (this.#stack.length > this.#limits.maxDepth) {
      throw new WireError('parenthesis', `nesting deeper than ${this.#limits.maxDepth}`);
    }
    const isAdjacent = this.#limits.adjacentLists === true && this.#top().nodes.at(-1)?.kind === 'list';
    if (this.#needsSeparator && !isAdjacent) {
      throw new WireError('syntax', 'missing space before a parenthesis');
    }
    this.#needsSeparator = false;
    this.#stack.push({ nodes: [] });
  }

  #close(): void {
    const frame = this.#stack.pop();
    if (frame === undefined || this.#stack.length === 0) {
      throw new WireError('parenthesis', 'unexpected closing parenthesis');
    }
    this.#needsSeparator = false;
    this.add({ kind: 'list', nodes: frame.nodes });
  }

  #quoted(text: string, position: number): number {
    const { value, end } = readQuoted(text, position);
    this.add({ kind: 'string', value, literal: false, binary: false });
    return end;
  }

  #atom(text: string, position: number): number {
    let end = position;
    while (end < text.length && !' ()"'.includes(text.charAt(end))) {
      end += 1;
    }
    if (text[end] === '"') {
      throw new WireError('quote', 'quote inside an atom');
    }
    this.add({ kind: 'atom', text: text.slice(position, end) });
    return end;
  }

  #top(): Frame {
    const top = this.#stack.at(-1);
    if (top === undefined) {
      throw new WireError('parenthesis', 'unbalanced parentheses');
    }
    return top;
  }
}

/**
 * The value of the quoted string that starts at `position`, and the position behind it. `lenient` is for
 * responses, whose text is passed on as it is: servers escape more than they should.
 */
export function readQuoted(text: string, position: number, lenient = false): { value: string; end: number } {
  const close = text.indexOf('"', position + 1);
  const plain = text.slice(position + 1, close);
  if (close !== -1 && !plain.includes('\\')) {
    return { value: plain, end: close + 1 };
  }
  let value = '';
  for (let index = position + 1; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '"') {
      return { value, end: index + 1 };
    }
    if (char === '\\') {
      index += 1;
      if (!lenient && text[index] !== '"' && text[index] !== '\\') {
        throw new WireError('quote', 'backslash before an ordinary character');
      }
    }
    value += text.charAt(index);
  }
  throw new WireError('quote', 'unterminated quoted string');
}

/**
 * The position behind the `]` that closes the section opened at `position`; nothing when it does not close in this
 * text. Quoted header names may hold one.
 */
export function sectionEnd(text: string, position: number): number | undefined {
  for (let index = position + 1; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === ']') {
      return index + 1;
    }
    if (char === '"') {
      index = readQuoted(text, index, true).end - 1;
    }
  }
  return undefined;
}

/** `value` as a quoted string, or nothing when it needs a literal (CR, LF, NUL or 8-bit). */
export function quote(value: string): string | undefined {
  return /^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : undefined;
}

/** The text of an atom or string; empty for a list or nothing. */
export function textOf(node: Node | undefined): string {
  if (node === undefined || node.kind === 'list') {
    return '';
  }
  return node.kind === 'atom' ? node.text : node.value;
}

/**
 * Do all clients read the same in this text of a response? Every quoted string ends, and no `{` stands outside of
 * one: swift-nio-imap takes it for a literal wherever it is, and an open quote swallows the line (protocol notes 3.5).
 */
export function isUnambiguous(text: string): boolean {
  let position = 0;
  for (;;) {
    const open = text.indexOf('"', position);
    const plain = open === -1 ? text.slice(position) : text.slice(position, open);
    if (plain.includes('{')) {
      return false;
    }
    if (open === -1) {
      return true;
    }
    const end = quotedEnd(text, open);
    if (end === undefined) {
      return false;
    }
    position = end;
  }
}

/** The position behind the quoted string that starts at `position`; nothing when it does not end. */
function quotedEnd(text: string, position: number): number | undefined {
  let close = position + 1;
  while (close < text.length && text[close] !== '"') {
    close += text[close] === '\\' ? 2 : 1;
  }
  return close < text.length ? close + 1 : undefined;
}
