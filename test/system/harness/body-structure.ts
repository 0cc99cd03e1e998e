import type { ImapResponse } from './imap-reader.ts';

/** A part that is no multipart; an enclosed message counts as one part. */
export interface Leaf {
  /** The section that names it, e.g. `1.2`; empty when the message has one part only. */
  readonly section: string;
  /** Lower case, e.g. `text/plain`. */
  readonly type: string;
  /** Length in octets as it is encoded. */
  readonly octets: number;
}

type Value = string | Value[];

const TOKEN = / *(?:([()])|"((?:[^"\\]|\\.)*)"|\{\d+\}|([^\s()"{]+))/y;

/** The data item with this name in a FETCH response that has no section in it. */
function itemOf({ text, literals }: ImapResponse, name: string): Value | undefined {
  const open: Value[][] = [[]];
  let taken = 0;
  TOKEN.lastIndex = text.indexOf('(');
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, bracket, quoted, atom] = match;
    if (bracket === '(') {
      open.push([]);
    } else if (bracket === ')') {
      const list = open.pop() ?? [];
      open.at(-1)?.push(list);
    } else {
      open.at(-1)?.push(quoted ?? atom ?? literals[taken++]?.toString('latin1') ?? '');
    }
  }
  const items = open[0]?.[0];
  return Array.isArray(items) ? items[items.indexOf(name) + 1] : undefined;
}

function leavesIn(structure: Value | undefined, section: string): Leaf[] {
  if (!Array.isArray(structure)) {
    throw new TypeError(`no body structure at ${section}`);
  }
  const [type = '', subtype = '', , , , , octets] = structure;
  if (Array.isArray(type)) {
    const end = structure.findIndex((value) => !Array.isArray(value));
    const prefix = section === '' ? '' : `${section}.`;
    return structure.slice(0, end).flatMap((part, index) => leavesIn(part, `${prefix}${index + 1}`));
  }
  return [{ section, type: `${type}/${String(subtype)}`.toLowerCase(), octets: Number(octets) }];
}

/** The parts that a client sees in the BODYSTRUCTURE of a FETCH response. */
export function leavesOf(response: ImapResponse): Leaf[] {
  return leavesIn(itemOf(response, 'BODYSTRUCTURE'), '');
}
