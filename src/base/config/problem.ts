import { GatewayError } from '../errors.ts';

/** One thing that is wrong in the configuration. */
export interface ConfigProblem {
  /** `file:line:column`, the name of a variable, or the file alone. */
  readonly where: string;
  /** `upstream.tls.verify`, `listeners[1].port`; empty when it is the file as a whole. */
  readonly key: string;
  /** What is wrong, and what to do about it, in one or two sentences. */
  readonly what: string;
}

export type KeyPath = readonly (string | number)[];

/** `['listeners', 1, 'port']` as `listeners[1].port`. */
export function formatKey(path: KeyPath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${step}`))
    .join('');
}

export function formatProblem({ where, key, what }: ConfigProblem): string {
  const text = key === '' ? `${where}: ${what}` : `${where} ${key}: ${what}`;
  return /[.?!]$/u.test(text) ? text : `${text}.`;
}

/** Nobody corrects more in one go; a binary file has thousands. */
const MAX_SHOWN = 50;

function describeAll(problems: readonly ConfigProblem[]): string {
  const more = problems.length - MAX_SHOWN;
  const lines = problems.slice(0, MAX_SHOWN).map(formatProblem);
  return [...lines, ...(more > 0 ? [`and ${more} more problems.`] : [])].join('\n');
}

/** The configuration cannot be used. `message` has one line for each problem, up to a bound. */
export class ConfigError extends GatewayError {
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    super('CONFIG_INVALID', describeAll(problems));
    this.problems = problems;
  }
}

/** There is no text to look at. */
export class UnreadableConfig extends ConfigError {}

/** A value of the configuration in a message: on one line, bounded, control characters escaped. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
