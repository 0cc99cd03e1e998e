import { viewOf } from './byte-view.ts';
import { changedCodes } from './script-tricks.ts';
import { unescapeScript } from './text-views.ts';

/** Characters that a script picks out of its literals: each second one, by lists of places, or changed by a key. */

const LITERAL = /(["'`])((?:\\.|[^\\"'`\r\n]){12,65536})\1/g;
/** Literals of one script, and their characters together. */
const MAX_LITERALS = 1000;
const MAX_CHARACTERS = 1024 * 1024;
/** `Step 3`, `i % 3 == 0`, `i += 3`. */
const STEP = /\bstep\s{1,4}([2-9])\b|%\s?([2-9])\s?(?:[=!)<;?&]|\))|\+=\s?([2-9])\b/gi;
const MAX_STEPS = 3;
/** Texts in which no character stands twice, and places in them. */
const MIN_ALPHABET = 16;
const MAX_ALPHABETS = 4;
const PLACES = /\d{1,3}(?:\s{0,4},\s{0,4}\d{1,3}){7,65536}/g;
const MAX_LISTS = 64;

/** A character under a key: `s.charCodeAt(i) ^ 21`, `ord(c) - 3`, `b ^ 0x2a`. */
const KEYED =
  /(?:charcodeat\([^()]{0,32}\)|\bord\(\w{0,32}\))\s{0,4}(?:[-+^]|-bxor|xor)\s{0,4}\d|\b\w\s{0,2}\^\s{0,2}\d/i;

function literalsOf(text: string): string[] {
  const found: string[] = [];
  let left = MAX_CHARACTERS;
  for (const [, , literal = ''] of text.matchAll(LITERAL)) {
    left -= literal.length;
    if (left < 0 || found.length === MAX_LITERALS) {
      break;
    }
    found.push(literal);
  }
  return found;
}

/** Every `step`-th character, from each place on from which that may begin. */
function strided(literal: string, step: number): string[] {
  const rows = Array.from({ length: step }, () => '');
  for (let at = 0; at < literal.length; at += 1) {
    rows[at % step] += literal[at] ?? '';
  }
  return rows;
}

function stepsIn(text: string): number[] {
  const found = new Set<number>();
  for (const [, first, second, third] of text.matchAll(STEP)) {
    found.add(Number(first ?? second ?? third));
    if (found.size === MAX_STEPS) {
      break;
    }
  }
  return [...found];
}

function isAlphabet(literal: string): boolean {
  return (
    literal.length >= MIN_ALPHABET &&
    literal.length <= 256 &&
    new Set(literal.slice(0, MIN_ALPHABET)).size === MIN_ALPHABET &&
    new Set(literal).size === literal.length
  );
}

function mapped(text: string, literals: readonly string[]): string[] {
  const alphabets = literals.filter(isAlphabet).slice(0, MAX_ALPHABETS);
  const lists = alphabets.length === 0 ? [] : text.matchAll(PLACES).take(MAX_LISTS).toArray();
  return alphabets.flatMap((alphabet) =>
    lists.map(([list]) =>
      list
        .split(',')
        .map((place) => alphabet[Number(place)] ?? '')
        .join(''),
    ),
  );
}

/** Literals under the keys that a script has. */
function changedLiterals(bytes: Buffer, literals: readonly string[]): Buffer[] {
  const codes = literals.map((literal) => {
    const raw = Buffer.from(literal, 'latin1');
    return literal.includes('\\') ? viewOf(unescapeScript(raw) ?? raw) : raw;
  });
  return changedCodes(bytes, codes).flatMap((part) => [part, LINE_END]);
}

/** What the literals of a script are when it picks or changes their characters. */
export function pickedCharacters(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const literals = literalsOf(text);
  const picked = stepsIn(text).flatMap((step) => literals.flatMap((literal) => strided(literal, step)));
  const lines = [...picked, ...mapped(text, literals)].join('\n');
  const changed = KEYED.test(text) ? changedLiterals(bytes, literals) : [];
  return [Buffer.from(lines, 'latin1'), Buffer.concat(changed)].filter(({ length }) => length > 0);
}

const LINE_END = Buffer.from('\n');

/** Words of scripts that look at single characters. */
export const PICKING_MARKS: readonly string[] =
  'charat(|charcodeat|.filter(|chr(ord(|bytes(|mid(|mid$(|substr(|.map('.split('|');
