import type { z } from 'zod';
import { CONFIG_KEYS, namesAt } from './keys.ts';
import { nearest } from './nearest.ts';
import { formatKey, show, type KeyPath } from './problem.ts';

/** One problem of validation, before it is known where in the file it stands. */
export interface ConfigIssue {
  readonly path: KeyPath;
  readonly what: string;
  /** Point at the key, not at its value. */
  readonly atKey: boolean;
}

function asPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}

/** The value at a path, or `undefined`. */
export function valueAt(data: unknown, path: KeyPath): unknown {
  let value: unknown = data;
  for (const step of path) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined;
  }
  return value;
}

const EXPECTED: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a whole number',
  string: 'a text',
  object: 'a section of keys',
  array: 'a list',
};

function missing(path: KeyPath): string {
  const variables = CONFIG_KEYS.filter(
    ({ node, path: keyPath }) => node.default === undefined && isBelow(keyPath, path),
  )
    .map(({ variable }) => variable)
    .slice(0, 1);
  return ['is missing. Write it', ...variables.map((name) => `set ${name}`)].join(', or ');
}

function isBelow(path: readonly string[], section: KeyPath): boolean {
  return section.every((step, index) => path[index] === step);
}

function wrongType(value: unknown, expected: string, path: KeyPath): string {
  if (value === undefined) {
    return missing(path);
  }
  const wanted = EXPECTED[expected] ?? expected;
  return value === null
    ? `is empty. Give it a value (${wanted}) or remove the key`
    : `${show(value)} is not ${wanted}`;
}

function outOfRange(value: unknown, direction: 'low' | 'high', limit: number | bigint): string {
  const least = direction === 'low';
  if (typeof value === 'string' || Array.isArray(value)) {
    return least ? 'is empty. Give it a value or remove the key' : `is longer than ${limit}`;
  }
  return `${show(value)} is ${least ? 'below the least' : 'above the greatest'} possible value, ${limit}`;
}

function noneOf(value: unknown, allowed: readonly unknown[]): string {
  const words = allowed.map(String);
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  const hint = meant === undefined ? '' : `. Did you mean ${meant}?`;
  return `${show(value)} is none of ${words.join(', ')}${hint}`;
}

/** A key that stands elsewhere in the configuration is a wrong place, not a wrong name. */
function unknownKey(path: KeyPath, name: string): string {
  const meant = nearest(name, namesAt(path));
  if (meant !== undefined) {
    return `unknown key. Did you mean ${meant}?`;
  }
  const elsewhere = CONFIG_KEYS.find((key) => key.path.at(-1) === name);
  return elsewhere === undefined
    ? `unknown key. Possible here: ${namesAt(path).join(', ') || 'none'}`
    : `unknown key here. It belongs to ${formatKey(elsewhere.path.slice(0, -1)) || 'the top level'}`;
}

function describe(issue: z.core.$ZodIssue, value: unknown, path: KeyPath): string {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(value, issue.expected, path);
    case 'invalid_value':
      return value === undefined ? missing(path) : noneOf(value, issue.values);
    case 'too_small':
      return outOfRange(value, 'low', issue.minimum);
    case 'too_big':
      return outOfRange(value, 'high', issue.maximum);
    case 'custom':
      return `${show(value)} ${issue.message}`;
    case 'invalid_union':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      break;
  }
  return `${show(value)}: ${issue.message}`;
}

/** What validation found, in the words of the administrator. `data` is what was validated. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], data: unknown): readonly ConfigIssue[] {
  return issues.flatMap((issue): ConfigIssue[] => {
    const path = asPath(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((name) => ({ path: [...path, name], what: unknownKey(path, name), atKey: true }));
    }
    return [{ path, what: describe(issue, valueAt(data, path), path), atKey: false }];
  });
}
