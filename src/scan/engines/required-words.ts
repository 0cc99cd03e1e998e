import { splitAt, isEnclosed, type Tokens } from './condition-tokens.ts';
import type { Word } from './pattern-words.ts';

/** One pattern of a rule. */
export interface RulePattern {
  /** With its `$`; of a pattern without a name the sign alone. */
  readonly name: string;
  /** Words of which one is in whatever it matches; undefined: none is known. */
  readonly words: readonly Word[] | undefined;
}

type Words = readonly Word[] | undefined;

const COUNTED = /^#(\w+) (>=?) (\d+)$/;
const SET = /^(any|all|\d+) of (?:(them)|\( (.*) \))$/;

function areKnown(words: Words): words is readonly Word[] {
  return words !== undefined;
}

function shortest(words: readonly Word[]): number {
  return Math.min(...words.map(({ bytes }) => bytes.length));
}

/** The words that are met the least often: few, and long ones. */
function rarest(choices: readonly (readonly Word[])[], count: number): (readonly Word[])[] {
  return choices.toSorted((a, b) => a.length - b.length || shortest(b) - shortest(a)).slice(0, count);
}

/** The patterns of a set, each once; undefined when one is named twice or is not there. */
function membersOf(
  list: string | undefined,
  patterns: readonly RulePattern[],
): readonly RulePattern[] | undefined {
  if (list === undefined) {
    return patterns;
  }
  const members = list.split(' , ').flatMap((item) => {
    const found = patterns.filter(({ name }) =>
      item.endsWith('*') ? name.startsWith(item.slice(0, -1)) : name === item,
    );
    return found.length === 0 ? [undefined] : found;
  });
  const known = members.filter((member) => member !== undefined);
  const isSet = known.length === members.length && new Set(known).size === known.length;
  return isSet ? known : undefined;
}

/** Of `count` patterns of a set one is among any so many that fewer than `count` are left. */
function wordsOfSet(quantity: string, members: readonly RulePattern[]): Words {
  const count = quantity === 'any' ? 1 : quantity === 'all' ? members.length : Number(quantity);
  const needed = Math.max(1, members.length - count + 1);
  const known = members.map(({ words }) => words).filter(areKnown);
  return count < 1 || known.length < needed ? undefined : rarest(known, needed).flat();
}

function wordsOfAtom(text: string, patterns: readonly RulePattern[]): Words {
  const counted = COUNTED.exec(text);
  const name = counted === null ? text : `$${counted[1]}`;
  if (counted !== null && counted[2] === '>=' && Number(counted[3]) === 0) {
    return undefined;
  }
  const set = SET.exec(text);
  if (set === null) {
    return patterns.find((pattern) => pattern.name === name)?.words;
  }
  const members = membersOf(set[2] === undefined ? set[3] : undefined, patterns);
  return members === undefined ? undefined : wordsOfSet(set[1] ?? '', members);
}

/**
 * Words of which one is in every content that satisfies a condition; undefined when none are known. The condition
 * asks for patterns and nothing else.
 */
export function requiredWords(tokens: Tokens, patterns: readonly RulePattern[]): Words {
  const choices = splitAt(tokens, 'or');
  if (choices.length > 1) {
    const each = choices.map((choice) => requiredWords(choice, patterns));
    return each.every(areKnown) ? each.flat() : undefined;
  }
  const demands = splitAt(tokens, 'and');
  if (demands.length > 1) {
    return rarest(demands.map((demand) => requiredWords(demand, patterns)).filter(areKnown), 1)[0];
  }
  return isEnclosed(tokens)
    ? requiredWords(tokens.slice(1, -1), patterns)
    : wordsOfAtom(tokens.join(' '), patterns);
}
