import { type RuleSieve, sieveOf } from './joinable-rules.ts';
import { packRules, type RulePackage } from './rule-package.ts';
import { loadYara, type YaraBinding, type YaraDiagnostic, type YaraRules } from './yara-binding.ts';
import { MAX_MATCHES_PER_PATTERN } from './yara-engine.ts';
import type { RuleProblem, RuleSource } from './yara-sources.ts';
import { vetRules } from './yara-vetting.ts';

export type CompiledRules =
  | { readonly kind: 'compiled'; readonly serialised: Uint8Array }
  | { readonly kind: 'refused'; readonly problems: readonly RuleProblem[] };

/** Includes are off: a rule file must not read other files of this machine. */
const OPTIONS = { errorOnSlowPattern: true, errorOnSlowLoop: true, enableIncludes: false } as const;
/** Nested loops with constant bounds run for hours, and the two options above let them pass. */
const REFUSED_WARNINGS: ReadonlySet<string> = new Set(['too_many_iterations']);
/** Enough to repair a file by; a broken set of thousands of files must not fill the log. */
export const MAX_PROBLEMS = 50;
/** One sentence of the compiler, in characters; it may quote the source. */
const MAX_MESSAGE_CHARACTERS = 300;

const POSITION = /--> line:(\d+):(\d+)/;

/** The compiler draws: a title, the place, the line, a `^^^` under it with the reason. */
function sentence(message: string): string {
  const title = message.split('\n', 1)[0]?.replace(/^(?:error|warning)\[\w+\]: /, '') ?? '';
  const reason = /^\s*\|\s+[\^-]+ (.+)$/m.exec(message)?.[1];
  return (reason === undefined ? title : `${title} (${reason})`).slice(0, MAX_MESSAGE_CHARACTERS);
}

function problemOf(path: string, diagnostic: YaraDiagnostic): RuleProblem {
  const place = POSITION.exec(diagnostic.message);
  return {
    path,
    line: Number(place?.[1] ?? 0),
    column: Number(place?.[2] ?? 0),
    code: diagnostic.code,
    message: sentence(diagnostic.message),
  };
}

function problemsIn(binding: YaraBinding, { path, source }: RuleSource): RuleProblem[] {
  const { errors, warnings } = binding.validate(source, OPTIONS);
  const refused = warnings.filter(({ code }) => REFUSED_WARNINGS.has(code));
  return [...errors, ...refused].map((diagnostic) => problemOf(path, diagnostic));
}

/** Compiles in one pass. Throws the compiler's error. */
function compileAll(binding: YaraBinding, sources: readonly RuleSource[]): YaraRules {
  const rules = binding.compile('', OPTIONS);
  rules.addRuleSources(sources.map(({ source, namespace }) => ({ source, namespace })));
  rules.setMaxMatchesPerPattern(MAX_MATCHES_PER_PATTERN);
  return rules;
}

/** Each file was sound by itself, so two of them clash; the later one of the pair is named. */
function conflict(binding: YaraBinding, sources: readonly RuleSource[], reason: unknown): RuleProblem {
  const text = reason instanceof Error ? reason.message : String(reason);
  const found = sources.find((_, index) => {
    try {
      compileAll(binding, sources.slice(0, index + 1));
      return false;
    } catch {
      return true;
    }
  });
  const message = text.replace(/^Compilation error \(\w+\): /, '');
  return problemOf(found?.path ?? '', { code: 'conflict', message });
}

/** What is looked for before the rules: the sieve of all sources, when each has one. */
function compiledSieve(
  binding: YaraBinding,
  sources: readonly RuleSource[],
): Pick<RulePackage, 'sieve' | 'words'> {
  const weaker = sources.flatMap((one) => {
    const sieve = sieveOf(one.source);
    return sieve === undefined ? [] : [{ ...one, ...sieve }];
  });
  if (weaker.length < sources.length) {
    return { sieve: undefined };
  }
  const isSame = weaker.every(({ source }, index) => source === sources[index]?.source);
  try {
    const sieve = isSame ? 'same' : compileAll(binding, weaker).serialize();
    return { sieve, words: compiledWords(binding, weaker) };
  } catch {
    return { sieve: undefined }; // the rules themselves are sound, and do without
  }
}

/** Undefined when no rule has words: to look at the others first would be to look twice. */
function compiledWords(
  binding: YaraBinding,
  sieves: readonly (RuleSource & RuleSieve)[],
): RulePackage['words'] {
  const words = sieves.flatMap((sieve) => sieve.words);
  const rest = sieves.flatMap((one) => (one.rest === undefined ? [] : [{ ...one, source: one.rest }]));
  if (words.length === 0) {
    return undefined;
  }
  return { words, rest: rest.length === 0 ? undefined : compileAll(binding, rest).serialize() };
}

/**
 * Compiles and vets a rule set; refuses all of it when one rule is broken, slow by its shape, or slow on the
 * vetting buffers. Blocks for as long as that takes: run it in a thread of its own.
 */
export function compileRules(
  sources: readonly RuleSource[],
  binding: YaraBinding = loadYara(),
): CompiledRules {
  const problems = sources.flatMap((source) => problemsIn(binding, source));
  if (problems.length > 0) {
    return { kind: 'refused', problems: problems.slice(0, MAX_PROBLEMS) };
  }
  let rules;
  try {
    rules = compileAll(binding, sources);
  } catch (reason) {
    return { kind: 'refused', problems: [conflict(binding, sources, reason)] };
  }
  const slow = vetRules(rules, sources, (source) => compileAll(binding, [source]));
  return slow.length > 0
    ? { kind: 'refused', problems: slow }
    : {
        kind: 'compiled',
        serialised: packRules({ rules: rules.serialize(), ...compiledSieve(binding, sources) }),
      };
}
