/** One rule as it stands in its file. */
export interface RuleText {
  readonly name: string;
  /** Counts from 1. */
  readonly line: number;
  readonly isPrivate: boolean;
  readonly isGlobal: boolean;
  /** From its modifiers to its last brace. */
  readonly text: string;
  /** Every word in it, so that the rules that it refers to can be found. */
  readonly words: ReadonlySet<string>;
}

export interface RuleFileText {
  /** `import "pe"` and the like. */
  readonly imports: readonly string[];
  readonly rules: readonly RuleText[];
}

interface Token {
  readonly text: string;
  readonly at: number;
}

/** A slash that begins no comment begins a pattern: division is written with a backslash. */
const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|\/(?:\\.|[^/\\\n])+\/|[\w$#@!.]+|\S/g;
const MODIFIERS: ReadonlySet<string> = new Set(['private', 'global']);

function tokensOf(source: string): Token[] {
  return [...source.matchAll(TOKEN)]
    .map((match) => ({ text: match[0], at: match.index }))
    .filter(({ text }) => !text.startsWith('//') && !text.startsWith('/*'));
}

/** Index of the token that closes the first brace at or after `from`. */
function endOf(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i += 1) {
    const text = tokens[i]?.text;
    depth += text === '{' ? 1 : text === '}' ? -1 : 0;
    if (text === '}' && depth === 0) {
      return i;
    }
  }
  return tokens.length - 1;
}

/**
 * Takes a sound rule file apart, for lists and measurements: the compiler tells neither places nor texts of its
 * rules. Of a broken file it returns what it can.
 */
export function readRuleFile(source: string): RuleFileText {
  const tokens = tokensOf(source);
  const imports: string[] = [];
  const rules: RuleText[] = [];
  for (let i = 0; i < tokens.length; i += 1) {
    const { text = '', at = 0 } = tokens[i] ?? {};
    if (text === 'import') {
      imports.push(`import ${tokens[(i += 1)]?.text ?? ''}`);
    } else if (text === 'rule' || MODIFIERS.has(text)) {
      let head = i;
      while (MODIFIERS.has(tokens[head]?.text ?? '')) {
        head += 1;
      }
      const end = endOf(tokens, head);
      const inside = tokens.slice(i, end + 1).map((token) => token.text);
      rules.push({
        name: tokens[head + 1]?.text ?? '',
        line: source.slice(0, at).split('\n').length,
        isPrivate: inside.slice(0, head - i).includes('private'),
        isGlobal: inside.slice(0, head - i).includes('global'),
        text: source.slice(at, (tokens[end]?.at ?? source.length) + 1),
        words: new Set(inside),
      });
      i = end;
    }
  }
  return { imports, rules };
}

/** A source that compiles by itself: the rule, what it refers to in its file, and what is global there. */
export function sourceOfOne({ imports, rules }: RuleFileText, rule: RuleText): string {
  const needed = new Set<RuleText>([rule]);
  for (const one of needed) {
    for (const other of rules) {
      if (other.isGlobal || one.words.has(other.name)) {
        needed.add(other);
      }
    }
  }
  const texts = rules.filter((one) => needed.has(one)).map(({ text }) => text);
  return [...imports, ...texts].join('\n');
}
