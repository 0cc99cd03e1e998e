import { viewOf } from './byte-view.ts';
import {
  type Assignment,
  assignmentsOf,
  type Named,
  type Replacement,
  type Token,
} from './script-statement.ts';
import { Reversals } from './script-reversal.ts';
import { ScriptTokens } from './script-tokens.ts';

/**
 * The texts that a script puts together: literals that are added, appended, kept in variables, listed and joined, with
 * parts replaced, or read from their end. No language is known here and nothing runs: what a statement says is all its
 * literals and the variables that it names, in their order, which makes a text whole again. Takes linear time.
 */

/** Statements that collect nothing although something stands in their brackets. */
const CONTROL = new Set(
  'if for while function foreach switch case catch sub def elseif elif until with'.split(' '),
);
/** References inside of a literal: `$a`, `${a}`, `#{a}`, `{a}`. */
const REFERENCE = /[$#]?\{([A-Za-z_]\w{0,63})\}|\$([A-Za-z_]\w{0,63})/g;

/** Variables of one script. */
const MAX_NAMES = 10_000;
/** Texts that are put together, in sizes of the script: libraries name the same variables again and again. */
const MAX_VALUES_SHARE = 4;
const MIN_VALUES = 64 * 1024;
/** Characters that the texts of one script have together: they are kept until its end. */
const MAX_VALUES = 32 * 1024 * 1024;
/** Shortest text read from its end, characters. */
const MIN_REVERSED = 8;
/** Tokens of one statement; data in one array have more, and no variables among them. */
const MAX_TOKENS = 200_000;

function reversed(text: string): string {
  return viewOf(Buffer.from(text, 'latin1').toReversed()).toString('latin1');
}

/** A text that was put together. Nothing of it is copied before somebody reads it. */
interface Value {
  readonly text: string;
  /** Its parts from the last to the first; empty in a script that has no sign of that. */
  readonly turned: string;
  /** Parts. */
  readonly count: number;
  /** Parts that were joined since it was copied into one. */
  readonly loose: number;
  /** It may be read from its end. */
  readonly isTurned: boolean;
}

const NOTHING: Value = { text: '', turned: '', count: 0, loose: 0, isTurned: false };

function valueOf(text: string): Value {
  return { text, turned: text, count: 1, loose: 0, isTurned: false };
}

/**
 * Parts joined before they are copied into one, at least, and characters for each of them: a joint that is not copied
 * takes 32 bytes, and a script of 24 MB may append one character four million times. Each is copied 17 times at most.
 */
const MAX_LOOSE = 4096;
const CHARACTERS_PER_PART = 16;

/** `turns`: the script may read a text from its end. */
function added(first: Value, second: Value, turns: boolean): Value {
  if (first.count === 0 || second.count === 0) {
    return first.count === 0 ? second : first;
  }
  const text = first.text + second.text;
  const turned = turns ? second.turned + first.turned : '';
  const loose = first.loose + second.loose + 1;
  const isCopied = loose >= MAX_LOOSE && loose * CHARACTERS_PER_PART >= text.length;
  return {
    text: isCopied ? copied(text) : text,
    turned: isCopied ? copied(turned) : turned,
    count: first.count + second.count,
    loose: isCopied ? 0 : loose,
    isTurned: first.isTurned || second.isTurned,
  };
}

function copied(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

class Evaluation {
  readonly #turns: boolean;
  readonly #text: string;
  readonly #values = new Map<string, Value>();
  readonly #reversals: Reversals;
  /** What the statement says may be read from its end. */
  #isTurned = false;
  readonly #found = new Set<string>();
  /** Characters that may still be copied or told. */
  #left: number;

  constructor(text: string) {
    this.#text = text;
    this.#reversals = new Reversals(text);
    this.#turns = !this.#reversals.isEmpty;
    this.#left = Math.min(text.length * MAX_VALUES_SHARE + MIN_VALUES, MAX_VALUES);
  }

  run(): string {
    const knows = (name: string): boolean => this.#values.has(name);
    for (const { tokens, from, to } of statementsOf(this.#text)) {
      const assignments = assignmentsOf(tokens, knows);
      this.#isTurned = assignments.length > 0 && this.#reversals.concern(tokens, from, to);
      for (const assignment of assignments) {
        this.#assign(assignment);
      }
      if (this.#left < 0) {
        break;
      }
    }
    for (const value of this.#values.values()) {
      this.#tell(value);
    }
    return [...this.#found].join('\n');
  }

  #assign(assignment: Assignment): void {
    const { name, property, isCall, isAppended, replacements } = assignment;
    const [first] = assignment.parts;
    const isOwn = typeof first === 'object' && first.name === name;
    const isNew = replacements.length > 0;
    const plain = this.#lookedUp(assignment.parts, isOwn && !isNew ? 1 : 0);
    const whole = isNew ? valueOf(this.#changed(plain.text, replacements)) : plain;
    const isTurned = this.#isTurned || plain.isTurned;
    const value = whole.isTurned === isTurned ? whole : { ...whole, isTurned };
    if (isCall || isNew) {
      this.#tell(value, isNew);
    }
    this.#keep(property, value, false);
    if (!isCall || !CONTROL.has(name.toLowerCase())) {
      // What is given to one object by many calls is turned round where the object is, not where one of them stands.
      const kept = isCall ? { ...value, isTurned: this.#reversals.concernVariable(name) } : value;
      this.#keep(name, kept, isAppended ? !isNew || !isOwn : isOwn && !isNew);
    }
  }

  #keep(name: string, value: Value, isAppended: boolean): void {
    const known = this.#values.get(name);
    if (name === '' || (known === undefined && this.#values.size >= MAX_NAMES)) {
      return;
    }
    if (known !== undefined && !isAppended) {
      this.#tell(known);
    }
    this.#values.set(name, known !== undefined && isAppended ? this.#added(known, value) : value);
  }

  #added(first: Value, second: Value): Value {
    return added(first, second, this.#turns);
  }

  #lookedUp(parts: readonly (string | Named)[], from: number): Value {
    let value = NOTHING;
    for (let at = from; at < parts.length; at += 1) {
      const part = parts[at] ?? '';
      value = this.#added(value, typeof part === 'string' ? this.#expanded(part) : this.#valueOf(part.name));
    }
    return value;
  }

  #valueOf(name: string): Value {
    const value = this.#left < 0 ? NOTHING : (this.#values.get(name) ?? NOTHING);
    this.#left -= value.text.length + 8 * value.count;
    return this.#left < 0 ? NOTHING : value;
  }

  /** A literal with the values of the variables that are named in it. */
  #expanded(text: string): Value {
    if (this.#values.size === 0 || !/[${]/.test(text)) {
      return valueOf(text);
    }
    let value = NOTHING;
    let from = 0;
    for (const match of text.matchAll(REFERENCE)) {
      const name = match[1] ?? match[2] ?? '';
      if (this.#values.has(name)) {
        value = this.#added(this.#added(value, valueOf(text.slice(from, match.index))), this.#referred(name));
        from = match.index + match[0].length;
      }
    }
    return this.#added(value, valueOf(text.slice(from)));
  }

  #referred(name: string): Value {
    return valueOf(this.#valueOf(name).text);
  }

  #changed(text: string, replacements: readonly Replacement[]): string {
    let whole = text;
    for (const { from, to } of replacements) {
      const pieces = whole.split(from);
      const length = whole.length + (pieces.length - 1) * (to.length - from.length);
      this.#left -= Math.max(whole.length, length);
      whole = this.#left < 0 ? whole : pieces.join(to);
    }
    return whole;
  }

  /** A text that was put together from several, and it read from its end where the script does that. */
  #tell(value: Value, isNew = false): void {
    const { text, count, isTurned } = value;
    if (text.length === 0 || (count < 2 && !isNew && !isTurned)) {
      return;
    }
    const variants = isTurned && this.#left >= 0 && text.length >= MIN_REVERSED ? backwards(value) : [];
    const found = count < 2 && !isNew ? variants : [text, ...variants];
    this.#left -= found.length * text.length;
    if (this.#left >= 0) {
      found.forEach((one) => this.#found.add(one));
    }
  }
}

/** From the end; with its parts from the last to the first; and each part from its end. */
function backwards({ text, turned, count }: Value): string[] {
  const all = [reversed(text)];
  return count < 2 ? all : [...all, turned, reversed(turned)];
}

/** A statement goes on over the end of a line inside of brackets, behind such a sign and before one. */
const OPEN_ENDED = codesOf('+.&,(=[');
const GOES_ON = codesOf('+.&,)]');
const ENDING = codesOf(';{}');
const OPENING = codesOf('([');
const CLOSING = codesOf(')]');

function codesOf(signs: string): Uint8Array {
  const codes = new Uint8Array(256);
  for (const code of Buffer.from(signs)) {
    codes[code] = 1;
  }
  return codes;
}

/** One statement, and between which places it stands. */
interface Statement {
  readonly tokens: readonly Token[];
  readonly from: number;
  readonly to: number;
}

/** Each statement, in an array that is used for all of them. */
function* statementsOf(text: string): Generator<Statement, void, void> {
  const tokens = new ScriptTokens(text);
  const statement: Token[] = [];
  let depth = 0;
  let isLineEnd = false;
  let from = 0;
  let before = 0;
  for (let kind = tokens.next(); kind !== 'end'; kind = tokens.next()) {
    if (kind === 'line') {
      isLineEnd ||= depth <= 0 && OPEN_ENDED[statement.at(-1)?.code ?? 0] !== 1;
      continue;
    }
    const code = kind === 'sign' ? tokens.text.charCodeAt(0) & 0xff : 0;
    if (ENDING[code] === 1 || (isLineEnd && GOES_ON[code] !== 1) || statement.length >= MAX_TOKENS) {
      yield { tokens: statement, from, to: before };
      statement.length = 0;
      from = before;
      depth = 0;
    }
    isLineEnd = false;
    depth += (OPENING[code] ?? 0) - (CLOSING[code] ?? 0);
    statement.push({ kind, text: tokens.text, code });
    before = tokens.place;
  }
  yield { tokens: statement, from, to: text.length };
}

/** What a script puts together, one text a line; nothing when it puts together none. */
export function scriptValues(bytes: Buffer): Buffer[] {
  const found = new Evaluation(bytes.toString('latin1')).run();
  return found === '' ? [] : [Buffer.from(found, 'latin1')];
}

/** Words and signs of scripts that put texts together; prose has hardly any of them. */
export const ASSEMBLING_MARKS: readonly string[] = [
  '+=\'|+="|+= \'|+= "|.=\'|.="|.= \'|.= "|&=\'|&="|&= \'|&= "|& "|"&"|.push(|.append(|add-content|.concat(|::concat(',
  'join(|join (|-join|.write(|.write "|.writeline|.length]=\'|.length]="|.length] = \'|.length] = "|eval(|eval "|eval $|exec(|execute(|.run |.run(|iex |iex(|invoke-|innerhtml',
  "strrev|[::-1]|step -1|[-1..|..0]|''' +|\"\"\" +|+ b'|+ b\"|+ r\"|+ f\"|+ @\"|' b'|'\nb'",
  // What goes on in the next line or behind a comment.
  '\' \\\n|" \\\n|\' `\n|" `\n|\' `\r\n|" `\r\n|+ `\r\n|+ `\n|\'/*|"/*|*/\'|*/"|\'+/*|"+/*|\' + //|" + //',
].flatMap((marks) => marks.split('|'));

/** Words of scripts that are words of other texts as well: they count where `isCall` says so. */
export const DOUBTFUL_MARKS: readonly string[] =
  'replace|split|reverse|=("|=(\'|= ("|= (\'|=(b|= (b|=(\n|= (\n|=(\r|= (\r'.split('|');
/**
 * Such a word as a method, an operator, a name in quotes, or before what a function is given; a bracket in which one
 * literal stands below the other, as Python writes long texts.
 */
const CALL =
  /[-.:_'"\]][ci]?(?:replace|split|reverse)|str_?reverse|(?:replace|split|reverse)\w{0,8}(?:\s*[('"`$@\\[{^]|\/\*|\s\/[^\s/]|\s*_\s|\s+of[\s(]{1,8}(?:\w+[\s(]{1,8})?(?:characters|items|text))|["'][ \t]{0,16}\r?\n[ \t]{0,64}[bfru]{0,2}["']/i;

export function isCall(bytes: Buffer): boolean {
  return CALL.test(bytes.toString('latin1'));
}
