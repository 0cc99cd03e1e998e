import { type Dirent, constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { GatewayError } from '../base/errors.ts';
import { createRuleFile, createRuleSet, type RuleFile, type RuleSet } from './rule-set.ts';

/** Rule trees are shallow; deeper is a loop of links or the wrong folder. */
export const MAX_RULE_DEPTH = 16;
/** The largest public collections have some thousand files. */
export const MAX_RULE_FILES = 20_000;
/** One file, bytes; generated hash lists reach some megabytes. */
export const MAX_RULE_FILE_BYTES = 32 * 1024 * 1024;
/** All files, bytes; compiling more takes minutes. */
export const MAX_RULE_SET_BYTES = 256 * 1024 * 1024;

const RULE_NAME = /\.yara?$/i;

export interface RuleLoaderOptions {
  /** Accept a set without any file; for tests and for gateways that only use other engines. */
  readonly allowEmpty?: boolean;
}

interface Found {
  readonly path: string;
  readonly namespace: string;
}

/** Everything that the configuration names. */
export interface RulePaths {
  readonly rules: readonly string[];
  readonly shadowRules?: readonly string[];
  readonly digests?: { readonly deny: readonly string[]; readonly allow: readonly string[] };
}

function invalid(path: string, problem: string, cause?: unknown): GatewayError {
  return new GatewayError('RULES_INVALID', `${path}: ${problem}`, { cause, fields: { file: path } });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'not readable';
}

/** `mail/office` for `mail/office.yar` below its folder, whatever the platform's separator. */
function namespaceOf(path: string): string {
  return path.split(sep).join('/').replace(RULE_NAME, '');
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (cause) {
    throw invalid(folder, `cannot list the folder (${reasonOf(cause)})`, cause);
  }
}

async function kindOf(path: string): Promise<'file' | 'folder' | 'other'> {
  try {
    const entry = await stat(path);
    return entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other';
  } catch (cause) {
    throw invalid(path, `cannot be read (${reasonOf(cause)})`, cause);
  }
}

/** Rule files below `folder`, in the order of their names. Hidden entries are editors' and not read. */
async function filesBelow(folder: string, top: string, depth: number): Promise<Found[]> {
  if (depth > MAX_RULE_DEPTH) {
    throw invalid(folder, `folders are nested deeper than ${MAX_RULE_DEPTH}`);
  }
  const found: Found[] = [];
  for (const { name } of (await entriesOf(folder)).filter((entry) => !entry.name.startsWith('.'))) {
    const path = join(folder, name);
    const kind = await kindOf(path);
    if (kind === 'folder') {
      found.push(...(await filesBelow(path, top, depth + 1)));
    } else if (kind === 'file' && RULE_NAME.test(name)) {
      found.push({ path, namespace: namespaceOf(relative(top, path)) });
    }
    if (found.length > MAX_RULE_FILES) {
      throw invalid(top, `more than ${MAX_RULE_FILES} rule files`);
    }
  }
  return found;
}

async function filesAt(path: string): Promise<Found[]> {
  const kind = await kindOf(path);
  if (kind === 'other') {
    throw invalid(path, 'is neither a file nor a folder');
  }
  return kind === 'folder'
    ? await filesBelow(path, path, 0)
    : [{ path, namespace: namespaceOf(basename(path)) }];
}

/** Opened without blocking, so that a FIFO put in the file's place does not hang the start. */
async function readBounded(path: string): Promise<Buffer> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size } = await handle.stat();
    if (size > MAX_RULE_FILE_BYTES) {
      throw invalid(path, `is larger than ${MAX_RULE_FILE_BYTES} bytes`);
    }
    return await handle.readFile();
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : invalid(path, `cannot be read (${reasonOf(cause)})`, cause);
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(path, 'is not valid UTF-8', cause);
  }
}

/** Two folders may hold files of one name; the second `mail/x` becomes `mail/x~2`, so that rules never clash. */
function uniqueNamespace(namespace: string, taken: Set<string>): string {
  let unique = namespace;
  for (let count = 2; taken.has(unique); count += 1) {
    unique = `${namespace}~${count}`;
  }
  taken.add(unique);
  return unique;
}

/** A file that is listed twice, or reached through a link, is read once. */
async function withoutRepeats(found: readonly Found[]): Promise<Found[]> {
  const seen = new Set<string>();
  const kept: Found[] = [];
  for (const entry of found) {
    const real = await realpath(entry.path);
    if (!seen.has(real)) {
      seen.add(real);
      kept.push(entry);
    }
  }
  return kept;
}

async function readAll(found: readonly Found[]): Promise<RuleFile[]> {
  const taken = new Set<string>();
  const files: RuleFile[] = [];
  let total = 0;
  for (const { path, namespace } of found) {
    const bytes = await readBounded(path);
    total += bytes.byteLength;
    if (total > MAX_RULE_SET_BYTES) {
      throw invalid(path, `all rule files together exceed ${MAX_RULE_SET_BYTES} bytes`);
    }
    files.push(createRuleFile(path, uniqueNamespace(namespace, taken), decode(path, bytes)));
  }
  return files;
}

async function readRules(paths: readonly string[]): Promise<RuleFile[]> {
  const found: Found[] = [];
  for (const path of paths) {
    found.push(...(await filesAt(path)));
  }
  return await readAll(await withoutRepeats(found));
}

/** Lists are named one by one and may have any ending. */
async function readLists(paths: readonly string[]): Promise<RuleFile[]> {
  return await readAll(paths.map((path) => ({ path, namespace: basename(path) })));
}

/**
 * Reads rules, rules on trial and digest lists. Nothing is compiled or parsed here. Throws `RULES_INVALID` as
 * `loadRules` does.
 */
export async function loadRuleSet(paths: RulePaths, options: RuleLoaderOptions = {}): Promise<RuleSet> {
  const { rules, shadowRules = [], digests = { deny: [], allow: [] } } = paths;
  const { files } = await loadRules(rules, options);
  const shadow = await readRules(shadowRules);
  return createRuleSet(files, {
    shadow,
    deny: await readLists(digests.deny),
    allow: await readLists(digests.allow),
  });
}

/**
 * Reads `*.yar` and `*.yara` from files and folders (recursively). Nothing is compiled here. Throws
 * `RULES_INVALID` that names the file or folder; a set without files is refused unless it is allowed.
 */
export async function loadRules(paths: readonly string[], options: RuleLoaderOptions = {}): Promise<RuleSet> {
  const files = await readRules(paths);
  if (files.length === 0 && options.allowEmpty !== true) {
    throw invalid(paths.join(', ') || 'rules', 'no rule file (*.yar, *.yara) found');
  }
  return createRuleSet(files);
}
