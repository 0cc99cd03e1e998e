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

/** What stands beside the rules that act. Plain data. */
export interface BesideRules {
  /** Rules on trial: their findings are recorded and never acted on. */
  readonly shadow: readonly RuleFile[];
  /** Lists of SHA-256 digests as text: content that is malicious, and content that is trusted. */
  readonly deny: readonly RuleFile[];
  readonly allow: readonly RuleFile[];
}

/** Everything that decides about content and can change while the gateway runs. Plain data. */
export interface RuleSet extends BesideRules {
  readonly files: readonly RuleFile[];
  /** Short digest over namespaces and contents: equal sets have equal generations. Part of every cache key. */
  readonly generation: string;
}

const NOTHING_BESIDE: BesideRules = { shadow: [], deny: [], allow: [] };

/** 48 bits: enough to tell the generations of one installation apart, short enough for logs and labels. */
const GENERATION_CHARACTERS = 12;

function generationOf(files: readonly RuleFile[], beside: BesideRules): string {
  const hash = createHash('sha256');
  const add = (kind: string, list: readonly RuleFile[]): void => {
    for (const { namespace, sha256 } of list) {
      hash.update(`${kind}${namespace}\0${sha256}\n`);
    }
  };
  add('', files);
  add('shadow\0', beside.shadow);
  add('deny\0', beside.deny);
  add('allow\0', beside.allow);
  return hash.digest('hex').slice(0, GENERATION_CHARACTERS);
}

/** A file from its text; `path` is how problems name it. */
export function createRuleFile(path: string, namespace: string, source: string): RuleFile {
  return { path, namespace, source, sha256: createHash('sha256').update(source).digest('hex') };
}

const byNamespace = (files: readonly RuleFile[]): readonly RuleFile[] =>
  files.toSorted((a, b) => (a.namespace < b.namespace ? -1 : 1));

/** Orders the files, so that the generation does not depend on the order in which folders were read. */
export function createRuleSet(
  files: readonly RuleFile[],
  beside: Partial<BesideRules> = NOTHING_BESIDE,
): RuleSet {
  const ordered = byNamespace(files);
  const lists = {
    shadow: byNamespace(beside.shadow ?? []),
    deny: byNamespace(beside.deny ?? []),
    allow: byNamespace(beside.allow ?? []),
  };
  return { files: ordered, ...lists, generation: generationOf(ordered, lists) };
}

const COMMENTS = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;
const RULE = /^[ \t}]*(?:(?:private|global)\s+)*rule\s+\w+/gm;

/** Rules in a set that act, counted in the text: the engine does not tell. For metrics and logs only. */
export function countRules(set: Pick<RuleSet, 'files'>): number {
  return set.files.reduce(
    (sum, { source }) => sum + (source.replace(COMMENTS, '').match(RULE)?.length ?? 0),
    0,
  );
}
