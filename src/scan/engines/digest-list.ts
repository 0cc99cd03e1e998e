import { DigestTable } from './digest-table.ts';
import type { RuleProblem } from './yara-sources.ts';

/** Entries of all lists of one kind together: 32 MB of digests and their names, one copy for all threads. */
export const MAX_DIGESTS = 1_000_000;
/** A list that is none has an error on every line. */
const MAX_PROBLEMS = 20;

const ENTRY = /^([0-9a-f]{64})(?:[\s*,;]+(.*))?$/i;

export type ParsedDigests =
  | { readonly kind: 'parsed'; readonly table: DigestTable }
  | { readonly kind: 'refused'; readonly problems: readonly RuleProblem[] };

function problem(path: string, line: number, message: string): RuleProblem {
  return { path, line, column: 1, code: 'digest', message };
}

/**
 * SHA-256 digests from texts: one to a line, optionally with a name behind it (the output of `sha256sum` is a
 * list). Empty lines and lines that start with `#` are ignored.
 */
export function parseDigestLists(
  lists: readonly { readonly path: string; readonly source: string }[],
): ParsedDigests {
  const digests = new Map<string, string>();
  const problems: RuleProblem[] = [];
  for (const { path, source } of lists) {
    for (const [i, rawLine] of source.split('\n').entries()) {
      const line = rawLine.trim();
      const match = ENTRY.exec(line);
      if (match?.[1] !== undefined) {
        digests.set(match[1].toLowerCase(), match[2]?.trim() ?? '');
      } else if (line !== '' && !line.startsWith('#')) {
        problems.push(problem(path, i + 1, 'not a SHA-256 digest of 64 hexadecimal digits'));
      }
      if (digests.size > MAX_DIGESTS) {
        problems.push(problem(path, i + 1, `more than ${MAX_DIGESTS} digests`));
      }
      if (problems.length >= MAX_PROBLEMS || digests.size > MAX_DIGESTS) {
        return { kind: 'refused', problems };
      }
    }
  }
  return problems.length > 0
    ? { kind: 'refused', problems }
    : { kind: 'parsed', table: DigestTable.from(digests) };
}
