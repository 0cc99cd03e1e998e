import { disarm } from './disarmed.ts';
import { DOTS_WORDS, dottedLiterals, RETURNED_WORDS, returnedLiterals } from './host-literals.ts';
import {
  addedLines,
  decimalEscapes,
  declaredEntities,
  ENTITY_WORDS,
  LUA_WORDS,
  NESTED_ESCAPE_WORDS,
  nestedEscapes,
  PATCH_WORDS,
  PRINTABLE_WORDS,
  printableProperties,
} from './written-escapes.ts';

interface HostView {
  readonly name: string;
  readonly words: readonly string[];
  readonly read: (bytes: Buffer) => Buffer[];
}

function view(name: string, words: readonly string[], read: (bytes: Buffer) => Buffer[]): HostView {
  return { name, words, read: (bytes) => read(bytes).map(disarm) };
}

/** What the hosts of single languages make of a whole text: each is read where a word of its language stands. */
export const HOST_VIEWS: readonly HostView[] = [
  view('decimal', LUA_WORDS, decimalEscapes),
  view('nested', NESTED_ESCAPE_WORDS, nestedEscapes),
  view('printable', PRINTABLE_WORDS, printableProperties),
  view('declared', ENTITY_WORDS, declaredEntities),
  view('added', PATCH_WORDS, addedLines),
  view('dotted', DOTS_WORDS, dottedLiterals),
  view('returned', RETURNED_WORDS, returnedLiterals),
];
