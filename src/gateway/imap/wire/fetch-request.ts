import { type FetchItem, readFetchItem } from './fetch-item.ts';
import { quote, type UnitPart } from './nodes.ts';
import { WireError } from './wire-error.ts';

/** A client's FETCH or UID FETCH, understood as far as content goes. */
export interface FetchRequest {
  /** A sequence set, `$`, or a range with `*`; not resolved. */
  readonly set: string;
  /** The one message of the set; absent for ranges, lists, `*` and `$`. */
  readonly single: number | undefined;
  /** Macros (ALL, FAST, FULL) are kept as the one item they are. */
  readonly items: readonly FetchItem[];
  readonly isList: boolean;
  /** `(CHANGEDSINCE 5 VANISHED)`, `(PARTIAL 1:50)`: passed on as written; empty when absent. */
  readonly modifiers: string;
}

const SET = /^(\$|[0-9*]{1,10}(:[0-9*]{1,10})?(,[0-9*]{1,10}(:[0-9*]{1,10})?)*)$/;
const MODIFIERS = /^\([A-Za-z0-9 :,*.\-$()]{1,1000}\)$/;
const MACROS = new Set(['ALL', 'FAST', 'FULL']);
const MAX_ITEMS = 500;

/** Reads what follows FETCH. Literal header names are turned into quoted strings. Throws `WireError`. */
export function readFetchRequest(parts: readonly UnitPart[]): FetchRequest {
  const text = inlineLiterals(parts);
  const setEnd = text.indexOf(' ');
  const set = text.slice(0, setEnd === -1 ? 0 : setEnd);
  if (!SET.test(set)) {
    throw new WireError('syntax', 'malformed sequence set');
  }
  const { items, end } = readItems(text, setEnd + 1);
  const modifiers = text.slice(end).trimStart();
  if (modifiers !== '' && (text[end] !== ' ' || !MODIFIERS.test(modifiers))) {
    throw new WireError('syntax', 'malformed FETCH modifiers');
  }
  return {
    set,
    single: /^[0-9]+$/.test(set) ? Number(set) : undefined,
    items,
    isList: text[setEnd + 1] === '(',
    modifiers,
  };
}

function inlineLiterals(parts: readonly UnitPart[]): string {
  return parts
    .map((part) => {
      const text = typeof part === 'string' ? part : quote(part.literal);
      if (text === undefined) {
        throw new WireError('syntax', 'header name outside ASCII');
      }
      return text;
    })
    .join('');
}

function readItems(text: string, start: number): { items: FetchItem[]; end: number } {
  if (text[start] !== '(') {
    const { item, end } = readRequested(text, start);
    return { items: [macroOrItem(item)], end };
  }
  const items: FetchItem[] = [];
  let position = start + 1;
  for (;;) {
    const { item, end } = readRequested(text, position);
    items.push(item);
    if (items.length > MAX_ITEMS) {
      throw new WireError('syntax', `more than ${MAX_ITEMS} FETCH items`);
    }
    if (text[end] === ')') {
      return { items, end: end + 1 };
    }
    if (text[end] !== ' ') {
      throw new WireError('syntax', 'malformed FETCH items');
    }
    position = end + 1;
  }
}

/** A request names origin and length; a response only the origin. */
function readRequested(text: string, position: number): { item: FetchItem; end: number } {
  const read = readFetchItem(text, position);
  const { origin, length } = read.item;
  if (origin !== undefined && (length === undefined || length === 0)) {
    throw new WireError('syntax', 'partial without a length');
  }
  return read;
}

function macroOrItem(item: FetchItem): FetchItem {
  return MACROS.has(item.name) ? { ...item, class: 'metadata' } : item;
}
