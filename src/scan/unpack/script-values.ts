import { viewOf } from './byte-view.ts';
import {
  type Assignment,
  assignmentsOf,
  type Named,
  type Replacement,
  type Token,
} from './script-statement.ts';
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
/** Signs by which a script reads a text from its end. */
const REVERSAL =
  /reverse|strrev|\[\s?::\s?-1\s?\]|righttoleft|reduceright|step\s{1,8}-\s?1|length\s{0,4}\)?\s{0,4}-\s{0,4}1|\[\s?-1\s{0,4}\.\.|\.\.\s?0\s?\]|while\s?\(\s?\w{1,16}\s?--/i;
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

class Evaluation {
  readonly #text: string;
  readonly #values = new Map<string, string[]>();
  readonly #isReversing: boolean;
  readonly #found: string[] = [];
  /** Characters that may still be copied or told. */
  #left: number;

  constructor(text: string) {
    this.#text = text;
    this.#isReversing = REVERSAL.test(text);
    this.#left = Math.min(text.length * MAX_VALUES_SHARE + MIN_VALUES, MAX_VALUES);
  }

  run(): string {
    for (const statement of statementsOf(this.#text)) {
      for (const assignment of assignmentsOf(statement, (name) => this.#values.has(name))) {
        this.#assign(assignment);
      }
    }
    for (const parts of this.#values.values()) {
      this.#tell(parts);
    }
    return this.#found.join('\n');
  }

  #assign(assignment: Assignment): void {
    const { name, property, isCall, isAppended, replacements } = assignment;
    const [first] = assignment.parts;
    const isOwn = typeof first === 'object' && first.name === name;
    const parts = this.#lookedUp(
      isOwn && replacements.length === 0 ? assignment.parts.slice(1) : assignment.parts,
    );
    const value = replacements.length === 0 ? parts : [this.#changed(parts.join(''), replacements)];
    const isNew = replacements.length > 0;
    if (isCall || isNew) {
      this.#tell(value, isNew);
    }
    this.#keep(property, value, false);
    if (!isCall || !CONTROL.has(name.toLowerCase())) {
      this.#keep(name, value, isAppended ? !isNew || !isOwn : isOwn && !isNew);
    }
  }

  #keep(name: string, value: string[], isAppended: boolean): void {
    const known = this.#values.get(name);
    if (name === '' || (known === undefined && this.#values.size >= MAX_NAMES)) {
      return;
    }
    if (known === undefined || !isAppended) {
      if (known !== undefined) {
        this.#tell(known);
      }
      this.#values.set(name, [...value]);
      return;
    }
    for (const part of value) {
      known.push(part);
    }
  }

  #lookedUp(parts: readonly (string | Named)[]): string[] {
    return parts.flatMap((part) =>
      typeof part === 'string' ? this.#expanded(part) : this.#valueOf(part.name),
    );
  }

  #valueOf(name: string): string[] {
    const value = this.#left < 0 ? [] : (this.#values.get(name) ?? []);
    this.#left -= value.reduce((sum, { length }) => sum + length + 8, 0);
    return this.#left < 0 ? [] : value;
  }

  /** A literal with the values of the variables that are named in it. */
  #expanded(text: string): string[] {
    if (this.#values.size === 0 || !/[${]/.test(text)) {
      return [text];
    }
    const parts: string[] = [];
    let from = 0;
    for (const match of text.matchAll(REFERENCE)) {
      const name = match[1] ?? match[2] ?? '';
      if (this.#values.has(name)) {
        parts.push(text.slice(from, match.index), this.#valueOf(name).join(''));
        from = match.index + match[0].length;
      }
    }
    return [...parts, text.slice(from)];
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
  #tell(parts: readonly string[], isNew = false): void {
    const whole = parts.join('');
    if (whole.length === 0 || (parts.length < 2 && !isNew && !this.#isReversing)) {
      return;
    }
    const variants =
      this.#isReversing && this.#left >= 0 && whole.length >= MIN_REVERSED ? backwards(parts, whole) : [];
    const found = parts.length < 2 && !isNew ? variants : [whole, ...variants];
    this.#left -= found.length * whole.length;
    if (this.#left >= 0) {
      this.#found.push(...found);
    }
  }
}

/** From the end; with its parts from the last to the first; and each part from its end. */
function backwards(parts: readonly string[], whole: string): string[] {
  const all = [reversed(whole)];
  return parts.length < 2 ? all : [...all, parts.toReversed().join(''), parts.map(reversed).join('')];
}

/** A statement goes on over the end of a line inside of brackets, behind such a sign and before one. */
const OPEN_ENDED = '+.&,(=[';
const GOES_ON = '+.&,)]';

/** The tokens of each statement. */
function* statementsOf(text: string): Generator<Token[], void, void> {
  const tokens = new ScriptTokens(text);
  let statement: Token[] = [];
  let depth = 0;
  let isLineEnd = false;
  for (let kind = tokens.next(); kind !== 'end'; kind = tokens.next()) {
    const sign = kind === 'sign' ? tokens.text : '';
    if (kind === 'line') {
      const last = statement.at(-1);
      isLineEnd ||= depth <= 0 && !(last?.kind === 'sign' && OPEN_ENDED.includes(last.text));
      continue;
    }
    const goesOn = sign !== '' && GOES_ON.includes(sign);
    const ends =
      (sign !== '' && ';{}'.includes(sign)) || (isLineEnd && !goesOn) || statement.length >= MAX_TOKENS;
    isLineEnd = false;
    if (ends) {
      yield statement;
      statement = [];
      depth = 0;
    }
    depth += sign === '(' || sign === '[' ? 1 : sign === ')' || sign === ']' ? -1 : 0;
    statement.push({ kind, text: tokens.text });
  }
  yield statement;
}

/** What a script puts together, one text a line; nothing when it puts together none. */
export function scriptValues(bytes: Buffer): Buffer[] {
  const found = new Evaluation(bytes.toString('latin1')).run();
  return found === '' ? [] : [Buffer.from(found, 'latin1')];
}

/** Words and signs of scripts that put texts together; prose has hardly any of them. */
export const ASSEMBLING_MARKS: readonly string[] = [
  '+=\'|+="|+= \'|+= "|.=\'|.="|.= \'|.= "|&=\'|&="|&= \'|&= "|& "|"&"|.push(|.append(|add-content|.concat(|::concat(',
  'join(|join (|-join|.write(|.write "|.writeline|eval(|eval "|eval $|exec(|execute(|.run |.run(|iex |iex(|invoke-|innerhtml',
  "replace|split|reverse|strrev|[::-1]|step -1|[-1..|..0]|''' +|\"\"\" +|+ b'|+ b\"|+ r\"|+ f\"|+ @\"|' b'|'\nb'",
  // What goes on in the next line or behind a comment.
  '\' \\\n|" \\\n|\' `\n|" `\n|\' `\r\n|" `\r\n|+ `\r\n|+ `\n|\'/*|"/*|*/\'|*/"|\'+/*|"+/*|\' + //|" + //',
].flatMap((marks) => marks.split('|'));
