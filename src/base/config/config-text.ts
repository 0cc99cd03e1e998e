import { readFileSync, statSync } from 'node:fs';
import { isNode, isPair, isScalar, LineCounter, parseDocument, visit, type Document } from 'yaml';
import { ConfigError, UnreadableConfig, type KeyPath } from './problem.ts';

/** A configuration has a few kilobytes; more is the wrong file. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Stops alias bombs; anchors are of little use in this file. */
const MAX_ALIASES = 100;

/** The text of a configuration file with the places of everything in it. */
export interface Source {
  /** What problems call the file. */
  readonly name: string;
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

export function readText(path: string): string {
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
    const what = `cannot be read (${reason}). Name another file with --config`;
    throw new UnreadableConfig([{ where: path, key: '', what }]);
  }
}

export function place({ name, lines }: Source, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${name}:${line}:${col}`;
}

export function parseSource(name: string, text: string): Source {
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
export function offsetOf(document: Document.Parsed, path: KeyPath, atKey: boolean): number {
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

/** What the file says, before it is checked. Throws `ConfigError` when it is no section of keys. */
export function toData(source: Source | undefined): Record<string, unknown> {
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
