/** One rule file. `path` is how problems name it; rules of equal namespaces see each other. */
export interface RuleSource {
  readonly path: string;
  readonly namespace: string;
  readonly source: string;
}

/** Why a rule set was refused. Line and column count from 1; 0 when the problem has no place. */
export interface RuleProblem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** The compiler's code (`E018`, `too_many_iterations`) or ours (`too_slow`, `conflict`). */
  readonly code: string;
  readonly message: string;
}
