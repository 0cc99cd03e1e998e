import type { Clock } from '../base/clock.ts';
import { type ErrorContext, GatewayError } from '../base/errors.ts';
import type { RuleFile, RuleSet } from '../rules/rule-set.ts';
import type { RuleProblem, RuleSource } from '../scan/engines/yara-sources.ts';
import type { CompiledRuleSet, CompileJob, CompileResult } from './scan-job.ts';
import { ThreadCrew } from './thread-crew.ts';

const ENTRY = new URL('./rule-worker.ts', import.meta.url);
/** Thousands of public rules take some seconds; a set that takes longer than this cannot be reloaded in service. */
const COMPILE_TIMEOUT_MS = 300_000;
/** The compiler's memory is native; the heap only holds sources. */
const COMPILE_HEAP_MB = 1_024;

export interface CompileOptions {
  readonly clock: Clock;
  /** Gives the compilation up. */
  readonly signal: AbortSignal;
}

function line({ path, line, column, code, message }: RuleProblem): string {
  const place = line === 0 ? '' : `:${line}:${column}`;
  return `${path || 'rules'}${place}: ${code} ${message}`;
}

/** A set was refused; each problem with its place. */
export class RulesRefused extends GatewayError {
  readonly problems: readonly RuleProblem[];

  constructor(problems: readonly RuleProblem[], context: ErrorContext) {
    super('RULES_INVALID', problems.map(line).join('\n'), context);
    this.problems = problems;
  }
}

function refusal(problems: readonly RuleProblem[]): GatewayError {
  const [first] = problems;
  return new RulesRefused(problems, {
    fields: {
      file: first?.path ?? '',
      line: first?.line ?? 0,
      column: first?.column ?? 0,
      problem: first?.code ?? '',
      problems: problems.length,
    },
  });
}

function sourcesOf(files: readonly RuleFile[]): readonly RuleSource[] {
  return files.map(({ path, namespace, source }) => ({ path, namespace, source }));
}

/**
 * Compiles and vets a set in a thread of its own, so that neither scans nor sessions notice, whatever the rules
 * do to the compiler. `extra` is compiled with it. Throws `RULES_INVALID`, one line for each problem.
 */
export async function compileRuleSet(
  set: RuleSet,
  extra: readonly RuleSource[],
  { clock, signal }: CompileOptions,
): Promise<CompiledRuleSet> {
  const job: CompileJob = {
    sources: [...sourcesOf(set.files), ...extra],
    shadow: sourcesOf(set.shadow),
    deny: sourcesOf(set.deny),
    allow: sourcesOf(set.allow),
  };
  const crew = new ThreadCrew<CompileJob, CompileResult>({
    entry: ENTRY,
    threads: 1,
    heapMb: COMPILE_HEAP_MB,
    data: undefined,
    clock,
  });
  const giveUp = (): void => void crew.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const end = await crew.run(job, COMPILE_TIMEOUT_MS);
    if (signal.aborted) {
      throw new GatewayError('INTERNAL', 'the compilation of the rules was given up');
    }
    if (end.kind === 'failed') {
      throw new GatewayError('RULES_INVALID', `the rules could not be compiled: ${end.detail}`);
    }
    if (end.value.kind === 'refused') {
      throw refusal(end.value.problems);
    }
    return end.value.set;
  } finally {
    signal.removeEventListener('abort', giveUp);
    await crew.destroy();
  }
}
