import { IMAP_LIMITS } from './limits.ts';
import { type Node, textOf } from './wire/nodes.ts';

/** May the argument of ID go to the server? NIL, or a bounded list of pairs (RFC 2971 section 3.3, CVE-2026-42391). */
export function isBoundedId(node: Node | undefined): boolean {
  if (node?.kind !== 'list') {
    return node?.kind === 'atom' && node.text.toUpperCase() === 'NIL';
  }
  const { nodes } = node;
  const hasBoundedSizes = nodes.every((field, index) => {
    const limit = index % 2 === 0 ? IMAP_LIMITS.idKeyBytes : IMAP_LIMITS.idValueBytes;
    return field.kind !== 'list' && textOf(field).length <= limit;
  });
  return hasBoundedSizes && nodes.length % 2 === 0 && nodes.length <= IMAP_LIMITS.idPairs * 2;
}
