import type { ServerOffers } from './command-text.ts';
import type { Node } from './wire/nodes.ts';

/**
 * What may stand behind the mailbox of an upload: flags, a date and the data of each message (RFC 9051 section 9,
 * 3502, 4469, 9755). Behind a word that it does not know Dovecot 2.3 never asks for the literal, and who waited for
 * that would wait for ever.
 */
export function areMessages(nodes: readonly Node[], offers: ServerOffers): boolean {
  for (let at = 0; at < nodes.length;) {
    const end = behindMessage(nodes, at, offers);
    if (end === undefined) {
      return false;
    }
    at = end;
  }
  return nodes.length > 0;
}

function behindMessage(nodes: readonly Node[], from: number, offers: ServerOffers): number | undefined {
  let at = from;
  if (nodes[at]?.kind === 'list') {
    at += 1; // flags
  }
  if (isQuoted(nodes[at])) {
    at += 1; // the date
  }
  const data = nodes[at];
  if (data?.kind === 'string') {
    return data.literal ? at + 1 : undefined;
  }
  const isNamed = data?.kind === 'atom' && isKnown(data.text.toUpperCase(), offers);
  return isNamed && nodes[at + 1]?.kind === 'list' ? at + 2 : undefined;
}

function isQuoted(node: Node | undefined): boolean {
  return node?.kind === 'string' && !node.literal;
}

function isKnown(word: string, offers: ServerOffers): boolean {
  return word === 'UTF8' ? offers('UTF8=ACCEPT') || offers('UTF8=ONLY') : word === 'CATENATE';
}
