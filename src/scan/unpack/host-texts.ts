import { CHARACTERS_WORDS, characterLists } from './host-literals.ts';
import { KEY_WORDS, keyedRuns } from './keyed-runs.ts';
import type { MarkIndex, MarkSetsFinder } from './mark-search.ts';
import { RADIX_WORDS, radixLists } from './radix-lists.ts';
import { UU_WORDS, uuLiterals } from './uu-literals.ts';
import { SHELL_HEX_WORDS, shellHex } from './written-escapes.ts';

/** Texts and data inside of a script that its host decodes: each is read where a word of its language stands. */
const READERS: readonly {
  readonly words: readonly string[];
  readonly read: (bytes: Buffer) => Buffer[];
}[] = [
  { words: RADIX_WORDS, read: radixLists },
  { words: UU_WORDS, read: uuLiterals },
  { words: KEY_WORDS, read: keyedRuns },
  { words: SHELL_HEX_WORDS, read: shellHex },
  { words: CHARACTERS_WORDS, read: characterLists },
];

/** Finds such texts. */
export class HostTexts {
  readonly #words: MarkSetsFinder;

  constructor(marks: MarkIndex) {
    this.#words = marks.addWordSets(READERS.map(({ words }) => words));
  }

  in(bytes: Buffer): Buffer[] {
    const has = this.#words(bytes);
    return READERS.flatMap(({ read }, index) => (has(index) ? read(bytes) : []));
  }
}
