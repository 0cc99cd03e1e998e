/** The words and signs of a condition, in order. */
export type Tokens = readonly string[];

/** A word, a variable, an operator or one sign. */
const TOKEN = /[$#@!]?\w+\*?|\$\*?|[<>=!]=|\.\.|\S/g;

export function tokensOf(condition: string): Tokens {
  return condition.match(TOKEN) ?? [];
}

/** What stands between operators that no bracket encloses. */
export function splitAt(tokens: Tokens, operator: string): Tokens[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    if (depth === 0 && token === operator) {
      parts.push([]);
    } else {
      parts.at(-1)?.push(token);
    }
  }
  return parts;
}

/** True when the first sign opens what the last one closes. */
export function isEnclosed(tokens: Tokens): boolean {
  let depth = 0;
  const closes = tokens.findIndex((token) => {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    return depth === 0;
  });
  return tokens[0] === '(' && closes === tokens.length - 1;
}
