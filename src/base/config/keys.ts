import { z } from 'zod';
import { configSchema } from './schema.ts';

/** How the text of an environment variable becomes the value of its key. */
export type ValueKind = 'text' | 'number' | 'boolean' | 'texts' | 'yaml';

/** One key of the configuration that holds a value (not a section). */
export interface ConfigKey {
  readonly path: readonly string[];
  /** `upstream.tls.serverName` is `POSTERN_UPSTREAM_TLS_SERVER_NAME`. */
  readonly variable: string;
  readonly kind: ValueKind;
  readonly node: SchemaNode;
}

/** What we use of a JSON schema. */
export type SchemaNode = z.core.JSONSchema.BaseSchema;

export const VARIABLE_PREFIX = 'POSTERN_';

/** The JSON schema of a configuration file (what may be written, so defaults make keys optional). */
export const CONFIG_JSON_SCHEMA: SchemaNode = z.toJSONSchema(configSchema, { io: 'input' });

/** Words of camelCase and kebab-case, upper case, joined by `_`. Unique over the schema; a test proves it. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((step) => step.replaceAll(/[A-Z]/gu, (letter) => `_${letter}`).replaceAll('-', '_'));
  return VARIABLE_PREFIX + words.join('_').toUpperCase();
}

/** Sections and keys below a node, in the order of the schema. */
export function childrenOf(node: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) =>
    typeof child === 'object' ? [[name, child] as const] : [],
  );
}

function kindOf(node: SchemaNode): ValueKind {
  if (node.type === 'boolean') {
    return 'boolean';
  }
  if (node.type === 'integer') {
    return 'number';
  }
  return node.type === 'array' ? kindOfList(node.items) : 'text';
}

function kindOfList(items: SchemaNode['items']): ValueKind {
  return typeof items === 'object' && 'type' in items && items.type === 'string' ? 'texts' : 'yaml';
}

function keysBelow(node: SchemaNode, path: readonly string[]): ConfigKey[] {
  if (node.properties === undefined) {
    return [{ path, variable: variableOf(path), kind: kindOf(node), node }];
  }
  return childrenOf(node).flatMap(([name, child]) => keysBelow(child, [...path, name]));
}

/** Every key with a value, in the order of the schema. */
export const CONFIG_KEYS: readonly ConfigKey[] = keysBelow(CONFIG_JSON_SCHEMA, []);

/** One step down: a name of a section, or any number for the entry of a list. */
function stepInto(node: SchemaNode | undefined, step: string | number): SchemaNode | undefined {
  if (typeof step === 'string') {
    const child = Object.entries(node?.properties ?? {}).find(([name]) => name === step)?.[1];
    return typeof child === 'object' ? child : undefined;
  }
  const items = node?.items;
  return typeof items === 'object' && !Array.isArray(items) ? items : undefined;
}

/** The schema at a place of the file; undefined where nothing may stand. */
export function nodeAt(path: readonly (string | number)[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = CONFIG_JSON_SCHEMA;
  for (const step of path) {
    node = stepInto(node, step);
  }
  return node;
}

/** The names that may stand at a place of the file. */
export function namesAt(path: readonly (string | number)[]): readonly string[] {
  const node = nodeAt(path);
  return node === undefined ? [] : childrenOf(node).map(([name]) => name);
}
