import { GatewayError } from '../../base/errors.ts';

/** Entries of one list; ten million would be a file of half a gigabyte, which is no list to keep in each worker. */
export const MAX_DIGESTS = 1_000_000;

const ENTRY = /^([0-9a-f]{64})(?:[\s*,;]+(.*))?$/i;

/**
 * SHA-256 digests from a text: one to a line, optionally with a name behind it (the output of `sha256sum` is a
 * list). Empty lines and lines that start with `#` are ignored. Throws `GatewayError` `RULES_INVALID` that names
 * `source` and the line.
 */
export function parseDigestList(text: string, source: string): ReadonlyMap<string, string> {
  const digests = new Map<string, string>();
  for (const [i, rawLine] of text.split('\n').entries()) {
    const line = rawLine.trim();
    if (line === '' || line.startsWith('#')) {
      continue;
    }
    const match = ENTRY.exec(line);
    if (match?.[1] === undefined) {
      throw new GatewayError(
        'RULES_INVALID',
        `${source}:${i + 1}: not a SHA-256 digest of 64 hexadecimal digits`,
      );
    }
    if (digests.size >= MAX_DIGESTS) {
      throw new GatewayError('RULES_INVALID', `${source}:${i + 1}: more than ${MAX_DIGESTS} digests`);
    }
    digests.set(match[1].toLowerCase(), match[2]?.trim() ?? '');
  }
  return digests;
}
