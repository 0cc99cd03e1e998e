import { parseDocument } from 'yaml';
import { CONFIG_KEYS, VARIABLE_PREFIX, type ConfigKey, type ValueKind } from './keys.ts';
import { nearest } from './nearest.ts';
import { formatKey, show, type ConfigProblem } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value from the environment; it wins over the file. */
export interface EnvironmentValue {
  readonly key: ConfigKey;
  readonly value: unknown;
}

/** POSTERN_ variables that are no configuration keys: the file itself, the fault switch of the tests, a secret. */
const OTHER_VARIABLES: readonly string[] = ['POSTERN_CONFIG', 'POSTERN_SCAN_FAULTS', 'POSTERN_CA_PASSPHRASE'];

/**
 * Kubernetes and container links add these by themselves when the service is called `postern`
 * (`POSTERN_SERVICE_HOST`, `POSTERN_PORT_993_TCP_ADDR`); refusing them would keep a pod from starting.
 */
const INJECTED =
  /^POSTERN_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|NAME|ENV_\w+|PORT(?:_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?)?)$/u;

/** A value that cannot be read; never leaves this file. */
class Unreadable extends Error {}

function readYaml(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new Unreadable(`is not YAML or JSON (${error.message})`);
  }
  return document.toJS({ maxAliasCount: 100 });
}

function readBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') {
    throw new Unreadable(`${show(text)} is not true or false`);
  }
  return text === 'true';
}

function readNumber(text: string): number {
  if (!/^-?\d{1,15}$/u.test(text.trim())) {
    throw new Unreadable(`${show(text)} is not a whole number`);
  }
  return Number(text);
}

const READERS: Readonly<Record<ValueKind, (text: string) => unknown>> = {
  boolean: readBoolean,
  number: readNumber,
  texts: (text) => text.split(',').map((entry) => entry.trim()),
  yaml: readYaml,
  text: (text) => text,
};

function unknownVariable(name: string, known: readonly string[]): ConfigProblem {
  const meant = nearest(name, known);
  const remedy = meant === undefined ? 'config/gateway.yaml lists all keys' : `Did you mean ${meant}?`;
  return { where: name, key: '', what: `no such setting. ${remedy}` };
}

/**
 * The `POSTERN_…` variables. A key's variable is its path in upper case with `_` between all words
 * (`upstream.tls.serverName`: `POSTERN_UPSTREAM_TLS_SERVER_NAME`). Texts, port lists and numbers are written
 * as in the file, lists of texts with commas, lists of sections as YAML or JSON. An empty variable is not set.
 */
export function readEnvironment(environment: Environment): {
  readonly values: readonly EnvironmentValue[];
  readonly problems: readonly ConfigProblem[];
} {
  const keys = new Map(CONFIG_KEYS.map((key) => [key.variable, key]));
  const values: EnvironmentValue[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, text = ''] of Object.entries(environment)) {
    if (!name.startsWith(VARIABLE_PREFIX) || OTHER_VARIABLES.includes(name) || INJECTED.test(name)) {
      continue;
    }
    const key = keys.get(name);
    if (key === undefined) {
      problems.push(unknownVariable(name, [...keys.keys()]));
    } else if (text !== '') {
      try {
        values.push({ key, value: READERS[key.kind](text) });
      } catch (error) {
        const what = error instanceof Unreadable ? error.message : 'cannot be read';
        problems.push({ where: name, key: formatKey(key.path), what });
      }
    }
  }
  return { values, problems };
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Writes the values over `data`. A section that is no section in the file is left for validation to report. */
export function overlay(data: Record<string, unknown>, values: readonly EnvironmentValue[]): void {
  for (const { key, value } of values) {
    let section: unknown = data;
    for (const step of key.path.slice(0, -1)) {
      if (isSection(section)) {
        section[step] ??= {};
        section = section[step];
      }
    }
    const last = key.path.at(-1);
    if (isSection(section) && last !== undefined) {
      section[last] = value;
    }
  }
}
