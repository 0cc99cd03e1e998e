import { Seeded } from '../test/corpus/seeded.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

function word(random: Seeded, length: number): string {
  return Array.from({ length }, () => LETTERS[random.between(0, LETTERS.length - 1)]).join('');
}

/**
 * Texts and bytes with gaps, as published rules have them; no module is needed. No regular expressions: clamd
 * runs those over every byte, and a comparison with it would be none.
 */
function rule(random: Seeded, index: number): string {
  const bytes = random.hex(8).replaceAll(/(..)/gu, '$1 ').toUpperCase();
  const more = random.hex(6).replaceAll(/(..)/gu, '$1 ').toUpperCase();
  return `rule bench_${index} {
  strings:
    $a = "${word(random, random.between(8, 20))}" ${random.pick(['', '', 'wide ascii'])}
    $b = "${word(random, 4)}.${word(random, 6)}(${word(random, 5)}"
    $c = { ${bytes}?? ?? ${more}}
    $d = "${word(random, random.between(10, 24))}"
  condition:
    2 of them
}
`;
}

/** Rules that no message of the corpus matches; YARA, YARA-X and clamd read them alike. */
export function ruleCorpus(count: number): string {
  const random = new Seeded('bench/rules');
  return Array.from({ length: count }, (_, index) => rule(random, index)).join('\n');
}
