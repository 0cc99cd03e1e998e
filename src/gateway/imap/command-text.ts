import type { Segment } from './command-queue.ts';
import { quote, type UnitPart } from './wire/nodes.ts';

/** LITERAL- allows octets without a wait up to this size (RFC 7888 section 5). */
const LITERAL_MINUS_BYTES = 4_096;
/** A short literal becomes a quoted string; a long one could make a line that the server refuses. */
const MAX_QUOTED_BYTES = 1_024;

/** What the server takes; by capability name. */
export type ServerOffers = (capability: string) => boolean;

/**
 * A client's command again, in canonical form: literals as quoted strings where that says the same, else as
 * literals of the kind that the server takes.
 */
export function renderCommand(
  tag: string,
  name: string,
  parts: readonly UnitPart[],
  offers: ServerOffers,
): readonly Segment[] {
  const segments: Segment[] = [];
  let text = parts.length === 1 && parts[0] === '' ? `${tag} ${name}` : `${tag} ${name} `;
  for (const part of parts) {
    const quoted = typeof part === 'string' ? part : asQuoted(part);
    if (quoted !== undefined) {
      text += quoted;
    } else if (typeof part !== 'string') {
      segments.push(...literalHeader(text, part.literal.length, part.binary, offers));
      text = part.literal;
    }
  }
  return [...segments, { kind: 'text', text: `${text}\r\n` }];
}

function asQuoted({ literal, binary }: { readonly literal: string; readonly binary: boolean }) {
  return binary || literal.length > MAX_QUOTED_BYTES ? undefined : quote(literal);
}

function literalHeader(text: string, size: number, binary: boolean, offers: ServerOffers): Segment[] {
  const isNonSync = offers('LITERAL+') || (offers('LITERAL-') && size <= LITERAL_MINUS_BYTES);
  const header = `${text}${binary ? '~' : ''}{${size}${isNonSync ? '+' : ''}}\r\n`;
  return [{ kind: 'text', text: header }, ...(isNonSync ? [] : [{ kind: 'wait' } as const])];
}
