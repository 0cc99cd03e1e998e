import { IMAP_LIMITS } from './limits.ts';
import { type Node, textOf } from './wire/nodes.ts';

/**
 * Fields with which proxies tell servers whom they speak for (`x-originating-ip`, `x-connected-ip`, `x-proxy-ttl`,
 * `x-session-id`, `x-forward-…`). A server that trusts us would take them from us, so no client may say them.
 */
const PROXY_FIELD = /^x-(?:originating|connected|proxy|session|forward)-/i;

/** May the argument of ID go to the server? NIL, or a bounded list of pairs (RFC 2971 section 3.3, CVE-2026-42391). */
export function isBoundedId(node: Node | undefined): boolean {
  if (node?.kind !== 'list') {
    return node?.kind === 'atom' && node.text.toUpperCase() === 'NIL';
  }
  const { nodes } = node;
  const hasBoundedSizes = nodes.every((field, index) => {
    const limit = index % 2 === 0 ? IMAP_LIMITS.idKeyBytes : IMAP_LIMITS.idValueBytes;
    const isOwn = index % 2 === 1 || !PROXY_FIELD.test(textOf(field));
    return field.kind !== 'list' && isOwn && textOf(field).length <= limit;
  });
  return hasBoundedSizes && nodes.length % 2 === 0 && nodes.length <= IMAP_LIMITS.idPairs * 2;
}

/** What a program calls itself; undefined when it does not. The argument is one that `isBoundedId` lets pass. */
export function applicationOf(
  node: Node | undefined,
): { readonly name: string; readonly version: string } | undefined {
  if (node?.kind !== 'list') {
    return undefined;
  }
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < node.nodes.length; index += 2) {
    fields.set(textOf(node.nodes[index]).toLowerCase(), textOf(node.nodes[index + 1]));
  }
  const name = fields.get('name') ?? '';
  return name === '' ? undefined : { name, version: fields.get('version') ?? '' };
}
