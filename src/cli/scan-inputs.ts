import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageBytes } from '../scan/scanner.ts';

/** A message to scan, or why it cannot be read. */
export type ScanInput =
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'unreadable'; readonly name: string; readonly reason: string };

/** A message in reach of the scan threads until it is closed. */
export interface OpenedMessage {
  readonly message: MessageBytes;
  close(): void;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  ELOOP: 'is a link that leads to itself',
};

export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

/** Regular files below a folder, sorted; links are not followed, so that no loop and no foreign file is read. */
async function* filesBelow(folder: string): AsyncGenerator<ScanInput> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = join(folder, entry.name);
    if (entry.isFile()) {
      yield { kind: 'file', name };
    } else if (entry.isDirectory()) {
      yield* guarded(name, filesBelow(name));
    }
  }
}

/** A folder that cannot be read is reported in its place, and the rest goes on. */
async function* guarded(name: string, inputs: AsyncGenerator<ScanInput>): AsyncGenerator<ScanInput> {
  try {
    yield* inputs;
  } catch (error) {
    yield { kind: 'unreadable', name, reason: reasonOf(error) };
  }
}

async function* inputsAt(path: string): AsyncGenerator<ScanInput> {
  if (path === '-') {
    yield { kind: 'stdin' };
    return;
  }
  if (!(await stat(path)).isDirectory()) {
    yield { kind: 'file', name: path };
    return;
  }
  let empty = true;
  for await (const input of filesBelow(path)) {
    empty = false;
    yield input;
  }
  if (empty) {
    yield { kind: 'unreadable', name: path, reason: 'holds no files' };
  }
}

/** Everything that the paths of the command line name, in their order; folders recursively. */
export async function* scanInputs(paths: readonly string[]): AsyncGenerator<ScanInput> {
  for (const path of paths) {
    yield* guarded(path, inputsAt(path));
  }
}

/** Whether the paths name one message, a file or standard input, and no folder. */
export async function isOneMessage(paths: readonly string[]): Promise<boolean> {
  const [path = '', ...others] = paths;
  return others.length === 0 && (path === '-' || (await isFile(path)));
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // why it cannot be read is said in its place
  }
}

function inMemory(chunks: readonly Uint8Array[]): OpenedMessage {
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const buffer = new SharedArrayBuffer(byteLength);
  const bytes = new Uint8Array(buffer);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return { message: { kind: 'memory', buffer, byteLength }, close: () => undefined };
}

/** All of a stream, up to `maxBytes`. Rejects when there is more. */
export async function readStream(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<OpenedMessage> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new Error(`is larger than ${maxBytes} bytes (limits.maxLiteralBytes)`);
    }
    chunks.push(chunk);
  }
  return inMemory(chunks);
}

/** Where the threads read it, without a copy; what was cut off meanwhile is missing. */
function readIntoMemory(fd: number, size: number): OpenedMessage {
  const buffer = new SharedArrayBuffer(size);
  const bytes = new Uint8Array(buffer);
  let filled = 0;
  for (let count = 1; count > 0 && filled < size; filled += count) {
    count = readSync(fd, bytes, filled, size - filled, filled);
  }
  return { message: { kind: 'memory', buffer, byteLength: filled }, close: () => undefined };
}

/**
 * Small files are read into shared memory; the scan threads read large ones by themselves. At once and not in the
 * background: four requests to other threads for each file take longer than most files, and as long as this thread works
 * it hands out no messages.
 */
export async function openFile(
  name: string,
  limits: { readonly memoryBytes: number; readonly maxBytes: number },
): Promise<OpenedMessage> {
  if (!statSync(name).isFile()) {
    return await openSpecial(name, limits.maxBytes);
  }
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe may stand there by now
  let isKept = false;
  try {
    const info = fstatSync(fd);
    // Some files of the kernel say nothing of their size.
    if (!info.isFile() || info.size === 0) {
      return await openSpecial(name, limits.maxBytes);
    }
    isKept = info.size > limits.memoryBytes;
    return isKept ? inDescriptor(fd, info.size) : readIntoMemory(fd, info.size);
  } finally {
    if (!isKept) {
      closeSync(fd);
    }
  }
}

/** Pipes and devices, which may keep their reader waiting, and what has no size. */
async function openSpecial(name: string, maxBytes: number): Promise<OpenedMessage> {
  const handle = await open(name, 'r');
  try {
    return await readStream(handle.createReadStream({ autoClose: false }), maxBytes);
  } finally {
    await handle.close();
  }
}

function inDescriptor(fd: number, byteLength: number): OpenedMessage {
  return { message: { kind: 'file', fd, byteLength }, close: () => closeSync(fd) };
}
