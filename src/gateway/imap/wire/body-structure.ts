import { IMAP_LIMITS } from '../limits.ts';
import { type Node, readNodes } from './nodes.ts';
import { WireError } from './wire-error.ts';

/** Encoded octets of each leaf, by part number as in `BODY[2.1]` (RFC 9051 sections 6.4.5 and 7.5.2). */
export type PartSizes = ReadonlyMap<string, number>;

const MAX_DEPTH = 60;

/** Part sizes from the text of a BODYSTRUCTURE; empty when it is absent or unreadable: then ranges cost traffic only. */
export function readPartSizes(structure: string): PartSizes {
  const limits = {
    maxDepth: IMAP_LIMITS.commandDepth,
    maxNodes: IMAP_LIMITS.commandNodes,
    adjacentLists: true,
  };
  try {
    const hasLiterals = structure.includes('\r\n');
    return partSizes(structure === '' || hasLiterals ? undefined : readNodes([structure], limits)[0]);
  } catch (error) {
    if (error instanceof WireError) {
      return new Map();
    }
    throw error;
  }
}

/** Sizes of the parts that a BODYSTRUCTURE names. What is malformed or too deep is left out: no size, no guess. */
function partSizes(structure: Node | undefined): PartSizes {
  const sizes = new Map<string, number>();
  if (structure?.kind === 'list') {
    const first = structure.nodes[0];
    if (first?.kind === 'list') {
      readMultipart(structure.nodes, '', sizes, 0);
    } else {
      readLeaf(structure.nodes, '1', sizes, 0);
    }
  }
  return sizes;
}

function readMultipart(
  nodes: readonly Node[],
  prefix: string,
  sizes: Map<string, number>,
  depth: number,
): void {
  const children = nodes.slice(0, nodes.findIndex((node) => node.kind !== 'list') >>> 0);
  for (const [index, child] of children.entries()) {
    if (child.kind === 'list' && depth < MAX_DEPTH) {
      const number = prefix === '' ? `${index + 1}` : `${prefix}.${index + 1}`;
      readPart(child.nodes, number, sizes, depth + 1);
    }
  }
}

function readPart(nodes: readonly Node[], number: string, sizes: Map<string, number>, depth: number): void {
  if (nodes[0]?.kind === 'list') {
    readMultipart(nodes, number, sizes, depth);
  } else {
    readLeaf(nodes, number, sizes, depth);
  }
}

/** `(type subtype params id description encoding octets …)`; message/rfc822 goes on with envelope and structure. */
function readLeaf(nodes: readonly Node[], number: string, sizes: Map<string, number>, depth: number): void {
  const octets = nodes[6];
  if (octets?.kind === 'atom' && /^[0-9]{1,10}$/.test(octets.text)) {
    sizes.set(number, Number(octets.text));
  }
  const isMessage = textOf(nodes[0]) === 'MESSAGE' && textOf(nodes[1]) === 'RFC822';
  const inner = nodes[8];
  if (isMessage && inner?.kind === 'list' && depth < MAX_DEPTH) {
    if (inner.nodes[0]?.kind === 'list') {
      readMultipart(inner.nodes, number, sizes, depth + 1);
    } else {
      readLeaf(inner.nodes, `${number}.1`, sizes, depth + 1);
    }
  }
}

function textOf(node: Node | undefined): string {
  return node?.kind === 'string' ? node.value.toUpperCase() : '';
}
