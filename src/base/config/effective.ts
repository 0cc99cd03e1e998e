import { isDeepStrictEqual } from 'node:util';
import { valueAt } from './issue.ts';
import { CONFIG_KEYS, nodeAt, type SchemaNode } from './keys.ts';
import type { LoadedConfig, Origin } from './origin.ts';
import { formatKey, type KeyPath } from './problem.ts';
import type { Config } from './schema.ts';

/** One value that the gateway runs with. */
export interface EffectiveSetting {
  /** `limits.maxConnections`, `listeners[0].port`. */
  readonly key: string;
  /** As it would stand in the file; null: not set. A secret is never here. */
  readonly value: string | null;
  readonly isSecret: boolean;
  /** Null: it has none. */
  readonly defaultValue: string | null;
  readonly origin: Origin;
  /** The variable that would win over the file. */
  readonly variable: string;
  readonly description: string;
}

/** Keys whose value is a secret, wherever they stand. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['token', 'password', 'secret', 'secretAccessKey']);
const MASK = '(set, not shown)';
/** Whoever knows the address of an incoming webhook may post there: its path is a secret. */
const SECRET_PATHS: ReadonlySet<string> = new Set(['notifications.webhooks']);

/** Every setting in the order of the schema; lists of sections are taken apart. */
export function effectiveSettings({ config, originOf }: LoadedConfig): readonly EffectiveSetting[] {
  return CONFIG_KEYS.flatMap(({ path, variable, node }) =>
    leavesOf(path, valueAt(config, path)).map(([leaf, value]): EffectiveSetting => {
      const own = leaf.length === path.length ? node : nodeAt(leaf);
      const secret = isSecret(leaf);
      return {
        key: formatKey(leaf),
        value: secret && value !== undefined ? MASK : textOf(leaf, value),
        isSecret: secret,
        defaultValue: textOf(leaf, own?.default),
        origin: originOf(leaf),
        variable,
        description: own?.description ?? describedAbove(path, node),
      };
    }),
  );
}

/** A configuration that a program made: what is not the default was set by it. */
export function withoutOrigins(config: Config): LoadedConfig {
  const originOf = (path: KeyPath): Origin => {
    const value = valueAt(config, path);
    const kind =
      value === undefined || isDeepStrictEqual(value, nodeAt(path)?.default) ? 'default' : 'program';
    return { kind, where: '' };
  };
  return { config, file: undefined, originOf };
}

type Leaf = readonly [path: KeyPath, value: unknown];

function leavesOf(path: KeyPath, value: unknown): readonly Leaf[] {
  if (Array.isArray(value) && value.some(isSection)) {
    return value.flatMap((entry: unknown, index) => leavesOf([...path, index], entry));
  }
  if (isSection(value)) {
    return Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .flatMap(([name, inner]) => leavesOf([...path, name], inner));
  }
  return [[path, value]];
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSecret(path: KeyPath): boolean {
  return SECRET_KEYS.has(String(path.at(-1)));
}

function textOf(path: KeyPath, value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'string') return JSON.stringify(value);
  return /^(?:https?|rediss?):\/\//iu.test(value) ? withoutSecrets(path, value) : value;
}

/** Names and passwords in addresses are secrets as well. */
function withoutSecrets(path: KeyPath, text: string): string {
  if (!URL.canParse(text)) return MASK;
  const { protocol, host, pathname, search, username, password } = new URL(text);
  const account = username === '' && password === '' ? '' : '…@';
  const isHidden = SECRET_PATHS.has(path.slice(0, 2).join('.'));
  if (account === '' && search === '' && !isHidden) return text;
  const rest = isHidden ? '/…' : `${pathname}${search === '' ? '' : '?…'}`;
  return `${protocol}//${account}${host}${rest}`;
}

function describedAbove(path: readonly string[], node: SchemaNode): string {
  return node.description ?? nodeAt(path.slice(0, -1))?.description ?? '';
}
