import { lowerPriority } from '../base/thread-priority.ts';
import { type ParsedDigests, parseDigestLists } from '../scan/engines/digest-list.ts';
import { compileRules, type CompiledRules } from '../scan/engines/yara-compiler.ts';
import type { RuleProblem, RuleSource } from '../scan/engines/yara-sources.ts';
import { type Answer, type CompileJob, type CompileResult, describeFailure } from './scan-job.ts';

lowerPriority();

/** Into memory that all scanning threads read without a copy each. */
function share(bytes: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

function compileSome(sources: readonly RuleSource[]): CompiledRules | undefined {
  return sources.length === 0 ? undefined : compileRules(sources);
}

function parseSome(lists: readonly RuleSource[]): ParsedDigests | undefined {
  return lists.length === 0 ? undefined : parseDigestLists(lists);
}

function problemsOf(results: readonly (CompiledRules | ParsedDigests | undefined)[]): RuleProblem[] {
  return results.flatMap((result) => (result?.kind === 'refused' ? result.problems : []));
}

function compileSet({ sources, shadow, deny, allow }: CompileJob): CompileResult {
  const rules = compileRules(sources);
  const trial = compileSome(shadow);
  const denied = parseSome(deny);
  const allowed = parseSome(allow);
  if (rules.kind === 'refused') {
    return { kind: 'refused', problems: problemsOf([rules, trial, denied, allowed]) };
  }
  const problems = problemsOf([trial, denied, allowed]);
  return problems.length > 0
    ? { kind: 'refused', problems }
    : {
        kind: 'compiled',
        set: {
          rules: share(rules.serialised),
          shadow: trial?.kind === 'compiled' ? share(trial.serialised) : undefined,
          deny: denied?.kind === 'parsed' ? denied.table.memory : undefined,
          allow: allowed?.kind === 'parsed' ? allowed.table.memory : undefined,
        },
      };
}

/** Compiles and vets one rule set. Never rejects: a rejection would read as a lost thread. */
export default function compile(job: CompileJob): Answer<CompileResult> {
  try {
    return { ok: true, value: compileSet(job) };
  } catch (reason) {
    return { ok: false, detail: describeFailure(reason) };
  }
}
