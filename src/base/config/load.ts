import { offsetOf, parseSource, place, readText, type Source, toData } from './config-text.ts';
import { crossChecks } from './cross-checks.ts';
import { overlay, readEnvironment, type Environment, type EnvironmentValue } from './environment.ts';
import { fileChecks } from './file-checks.ts';
import { describeIssues, type ConfigIssue, valueAt } from './issue.ts';
import type { LoadedConfig, Origin } from './origin.ts';
import { ConfigError, formatKey, type ConfigProblem, type KeyPath } from './problem.ts';
import { configSchema, type Config } from './schema.ts';

export interface LoadOptions {
  /** The YAML file; without it everything comes from the environment and the defaults. */
  readonly path?: string;
  readonly env: Environment;
  /** Look whether certificates, keys and rules are there and fit. Default: true. */
  readonly checkFiles?: boolean;
}

function variableFor(values: readonly EnvironmentValue[], path: KeyPath): string | undefined {
  return values.find(({ key }) => key.path.every((step, index) => path[index] === step))?.key.variable;
}

function locate(
  issue: ConfigIssue,
  source: Source | undefined,
  values: readonly EnvironmentValue[],
): ConfigProblem {
  const inFile = () =>
    source === undefined ? 'environment' : place(source, offsetOf(source.document, issue.path, issue.atKey));
  const where = variableFor(values, issue.path) ?? inFile();
  return { where, key: formatKey(issue.path), what: issue.what };
}

/** Checks beyond the schema; issues of what is `broken` already would only repeat it. */
function furtherIssues(config: Config, broken: ReadonlySet<string>, checkFiles: boolean): ConfigIssue[] {
  const files = checkFiles ? fileChecks(config) : [];
  return [
    ...crossChecks(config, broken),
    ...files.filter(({ path: [section] }) => !broken.has(String(section))),
  ];
}

/** So that everything is reported at once, the further checks also run when parts of the data are wrong. */
function validate(
  data: Record<string, unknown>,
  checkFiles: boolean,
): { config?: Config; issues: readonly ConfigIssue[] } {
  const parsed = configSchema.safeParse(data);
  if (parsed.success) {
    return { config: parsed.data, issues: furtherIssues(parsed.data, new Set(), checkFiles) };
  }
  const issues = describeIssues(parsed.error.issues, data);
  const broken = new Set(issues.map(({ path: [section] }) => String(section)));
  const sound = Object.entries(data).filter(([section]) => !broken.has(section));
  const rest = configSchema.safeParse(Object.fromEntries(sound));
  return { issues: [...issues, ...(rest.success ? furtherIssues(rest.data, broken, checkFiles) : [])] };
}

/** The text of a configuration file and how problems call it. */
interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Validates the text of a configuration file with the environment over it. */
export function parseConfig(file: NamedText | undefined, options: Omit<LoadOptions, 'path'>): Config {
  return parseWithOrigins(file, options).config;
}

/** The same with the source of each value. */
export function parseWithOrigins(
  file: NamedText | undefined,
  options: Omit<LoadOptions, 'path'>,
): LoadedConfig {
  const source = file === undefined ? undefined : parseSource(file.name, file.text);
  const environment = readEnvironment(options.env);
  const data = toData(source);
  overlay(data, environment.values);
  const { config, issues } = validate(data, options.checkFiles ?? true);
  const problems = [
    ...issues.map((issue) => locate(issue, source, environment.values)),
    ...environment.problems,
  ];
  if (config === undefined || problems.length > 0) {
    throw new ConfigError(problems);
  }
  const originOf = (path: KeyPath): Origin => {
    const variable = variableFor(environment.values, path);
    if (variable !== undefined) return { kind: 'environment', where: variable };
    if (source === undefined || valueAt(data, path) === undefined) return { kind: 'default', where: '' };
    return { kind: 'file', where: place(source, offsetOf(source.document, path, true)) };
  };
  return { config, file: file?.name, originOf };
}

/**
 * The configuration from file and environment, valid as a whole. Throws `ConfigError` with every problem.
 * What is valid but weak: `configWarnings`.
 */
export function loadConfig(options: LoadOptions): Config {
  return loadWithOrigins(options).config;
}

/** The same with the source of each value. */
export function loadWithOrigins(options: LoadOptions): LoadedConfig {
  const { path } = options;
  return parseWithOrigins(path === undefined ? undefined : { name: path, text: readText(path) }, options);
}
