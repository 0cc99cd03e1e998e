/** Writes `config/gateway.yaml` from the schema: every key with its default, unit and reason. */
import { stringify } from 'yaml';
import { childrenOf, CONFIG_JSON_SCHEMA, type SchemaNode } from '../src/base/config/keys.ts';

const COLUMNS = 108;

const HEADER = `Postern's configuration. This file holds every key with its default; a shorter file is as valid.
Each key is also an environment variable that wins over this file: POSTERN_ and the path in upper case,
words joined by _ (upstream.tls.verify: POSTERN_UPSTREAM_TLS_VERIFY; scan.timeoutMs: POSTERN_SCAN_TIMEOUT_MS).
Lists of texts are written there with commas, lists of sections as YAML or JSON; an empty variable is not set.
Unknown keys and bad values are refused at start. "postern check" shows them all with line and column.
Generated from src/base/config/schema.ts by "npm run generate". #key: is an optional key without a default.`;

function wrap(text: string, prefix: string): string[] {
  const lines: string[] = [];
  let line = prefix;
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > COLUMNS && line !== prefix) {
      lines.push(line);
      line = prefix;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** `explained` is what the sections around it said already. */
function comment(node: SchemaNode, indent: string, explained: string): string[] {
  const words = node.enum?.map(String) ?? [];
  const text = node.description ?? '';
  const missing = words.filter((word) => !`${explained}${text}`.includes(word));
  const full = missing.length === 0 ? text : `${text} One of: ${words.join(', ')}.`;
  return wrap(full, `${indent}#`);
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** A list of sections is easier to read with one line for each entry. */
function listLines(value: unknown, indent: string): string[] | undefined {
  return Array.isArray(value) && value.some((entry) => typeof entry === 'object')
    ? value.map((entry) => `${indent}  - ${flow(entry)}`)
    : undefined;
}

function renderKey(name: string, node: SchemaNode, indent: string, explained: string): string[] {
  const required = node.default === undefined && name === 'host';
  const mark = node.default === undefined && !required ? '#' : '';
  const value: unknown = node.default ?? node.examples?.[0];
  const entries = listLines(value, mark === '' ? indent : '');
  const lines =
    entries === undefined
      ? [`${indent}${mark}${name}: ${flow(value)}`]
      : [
          `${indent}${mark}${name}:`,
          ...entries.map((entry) => (mark === '' ? entry : `${indent}${mark}${entry}`)),
        ];
  return [...comment(node, indent, explained), ...lines];
}

function renderSection(node: SchemaNode, indent: string, explained: string): string[] {
  return childrenOf(node).flatMap(([name, child]) => {
    const gap = indent === '' ? [''] : [];
    if (child.properties === undefined) {
      return [...gap, ...renderKey(name, child, indent, explained)];
    }
    const below = renderSection(child, `${indent}  `, `${explained}${child.description}`);
    return [...gap, ...comment(child, indent, explained), `${indent}${name}:`, ...below];
  });
}

export function renderConfigYaml(): string {
  const header = [
    '# yaml-language-server: $schema=gateway.schema.json',
    ...HEADER.split('\n').map((l) => `# ${l}`),
  ];
  return `${[...header, ...renderSection(CONFIG_JSON_SCHEMA, '', '')].join('\n')}\n`;
}
