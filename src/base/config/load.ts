import { readFileSync, statSync } from 'node:fs';
import { isNode, isPair, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { crossChecks } from './cross-checks.ts';
import { overlay, readEnvironment, type Environment, type EnvironmentValue } from './environment.ts';
import { fileChecks } from './file-checks.ts';
import { describeIssues, type ConfigIssue } from './issue.ts';
import { ConfigError, formatKey, type ConfigProblem, type KeyPath } from './problem.ts';
import { configSchema, type Config } from './schema.ts';

/** A configuration has a few kilobytes; more is the wrong file. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Stops alias bombs; anchors are of little use in this file. */
const MAX_ALIASES = 100;

export interface LoadOptions {
  /** The YAML file; without it everything comes from the environment and the defaults. */
  readonly path?: string;
  readonly env: Environment;
  /** Look whether certificates, keys and rules are there and fit. Default: true. */
  readonly checkFiles?: boolean;
}

interface Source {
  /** What problems call the file. */
  readonly name: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

function readText(path: string): string {
  const fail = (what: string) => new ConfigError([{ where: path, key: '', what }]);
  try {
    if (statSync(path).size > MAX_FILE_BYTES) {
      throw fail(`is larger than ${MAX_FILE_BYTES} bytes; this is no configuration`);
    }
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw fail(`cannot be read (${reason}). Name another file with --config`);
  }
}

function place({ name, lines }: Source, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

function parseSource(name: string, text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const source = { name, document, lines };
  // Warnings are unknown tags and versions: what they mean is not known, so it is refused as well.
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    throw new ConfigError(
      errors.map((error) => ({ where: place(source, error.pos[0]), key: '', what: error.message })),
    );
  }
  return source;
}

/** Offset of the key, of its value, or of the nearest section around it that is in the file. */
function offsetOf(document: Document.Parsed, path: KeyPath, atKey: boolean): number {
  const last = path.at(-1);
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  let found: number | undefined;
  if (atKey && isNode(parent)) {
    visit(parent, {
      Pair: (_, pair) => {
        if (isPair(pair) && isScalar(pair.key) && pair.key.value === last) {
          found ??= pair.key.range?.[0];
        }
        return visit.SKIP;
      },
    });
  }
  const node: unknown = document.getIn(path, true);
  found ??= isNode(node) ? node.range?.[0] : undefined;
  return found ?? (path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1), path.length > 1));
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

function toData(source: Source | undefined): Record<string, unknown> {
  const fail = (what: string) =>
    new ConfigError([{ where: source === undefined ? '' : place(source, 0), key: '', what }]);
  let data: unknown;
  try {
    data = source?.document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw fail('is not a section of keys. Begin with "upstream:" and "  host: …"');
  }
  return { ...data };
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
  const rest = configSchema.safeParse({
    upstream: { host: 'upstream.invalid' },
    ...Object.fromEntries(sound),
  });
  return { issues: [...issues, ...(rest.success ? furtherIssues(rest.data, broken, checkFiles) : [])] };
}

/** Validates the text of a configuration file (`name` in problems) with the environment over it. */
export function parseConfig(
  file: { readonly name: string; readonly text: string } | undefined,
  options: Omit<LoadOptions, 'path'>,
): Config {
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
  return config;
}

/**
 * The configuration from file and environment, valid as a whole. Throws `ConfigError` with every problem.
 * What is valid but weak: `configWarnings`.
 */
export function loadConfig(options: LoadOptions): Config {
  const { path } = options;
  return parseConfig(path === undefined ? undefined : { name: path, text: readText(path) }, options);
}
