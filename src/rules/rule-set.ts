import { createHash } from 'node:crypto';

/** One rule file as it was read. Plain data: it crosses threads. */
export interface RuleFile {
  readonly path: string;
  /** Where the rules of this file live; part of every finding. Unique in its set. */
  readonly namespace: string;
  readonly source: string;
  /** SHA-256 of the file's bytes, lower-case hex. */
  readonly sha256: string;
}

/** Everything the rule engine is built from. Plain data. */
export interface RuleSet {
  readonly files: readonly RuleFile[];
  /** Short digest over namespaces and contents: equal sets have equal generations. Part of every cache key. */
  readonly generation: string;
}

/** 48 bits: enough to tell the generations of one installation apart, short enough for logs and labels. */
const GENERATION_CHARACTERS = 12;

function generationOf(files: readonly RuleFile[]): string {
  const hash = createHash('sha256');
  for (const { namespace, sha256 } of files) {
    hash.update(`${namespace}\0${sha256}\n`);
  }
  return hash.digest('hex').slice(0, GENERATION_CHARACTERS);
}

/** A file from its text; `path` is how problems name it. */
export function createRuleFile(path: string, namespace: string, source: string): RuleFile {
  return { path, namespace, source, sha256: createHash('sha256').update(source).digest('hex') };
}

/** Orders the files, so that the generation does not depend on the order in which folders were read. */
export function createRuleSet(files: readonly RuleFile[]): RuleSet {
  const ordered = files.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));
  return { files: ordered, generation: generationOf(ordered) };
}

const COMMENTS = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;
const RULE = /^[ \t}]*(?:(?:private|global)\s+)*rule\s+\w+/gm;

/** Rules in a set, counted in the text: the engine does not tell. For metrics and logs only. */
export function countRules(set: RuleSet): number {
  return set.files.reduce(
    (sum, { source }) => sum + (source.replace(COMMENTS, '').match(RULE)?.length ?? 0),
    0,
  );
}
