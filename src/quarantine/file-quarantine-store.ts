import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { systemClock, type Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { MessageBytes } from '../scan/scanner.ts';
import { DurableFiles, systemFiles, type FileSystem, type PendingFile } from './durable-files.ts';
import { CHUNK_BYTES, forEachChunk } from './message-chunks.ts';
import { formatRecord, newRecord, parseRecord, seenAgain } from './quarantine-record.ts';
import type { QuarantineEntry, QuarantineRecord, QuarantineStore } from './quarantine-store.ts';

export interface FileQuarantineOptions {
  /** Root folder; made with mode 0700 when the first message comes. */
  readonly path: string;
  readonly clock?: Clock;
  readonly files?: FileSystem;
}

const ID = /^[0-9a-f]{64}$/u;
const SHARD = /^[0-9a-f]{2}$/u;
/** What a crash left behind; younger files may belong to a commit that is running. */
const LEFTOVER_AGE_MS = 3_600_000;
/** Objects whose content was verified in this process, so that a message fetched again is not read again. */
const MAX_VERIFIED = 10_000;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function failed(what: string, cause: unknown): GatewayError {
  if (cause instanceof GatewayError) {
    return cause;
  }
  const code = codeOf(cause);
  const reason = code === '' && cause instanceof Error ? cause.message : code;
  return new GatewayError('QUARANTINE_FAILED', `${what}: ${reason}`, { cause, retryable: true });
}

/** Writes the message and returns its digest. */
async function writeAll(message: MessageBytes, into: PendingFile): Promise<string> {
  const hash = createHash('sha256');
  await forEachChunk(message, async (chunk) => {
    hash.update(chunk);
    await into.write(chunk);
  });
  return hash.digest('hex');
}

/**
 * Originals as files named by their digest: `ab/abcd….eml` with the record `ab/abcd….json` beside it.
 * Both are written under a temporary name, synced, renamed, and their folder is synced.
 */
export class FileQuarantineStore implements QuarantineStore {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #files: FileSystem;
  readonly #durable: DurableFiles;
  /** Commits of one digest run one after the other; the later ones find the object of the first. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #verified = new Set<string>();

  constructor(options: FileQuarantineOptions) {
    this.#root = resolve(options.path);
    this.#clock = options.clock ?? systemClock;
    this.#files = options.files ?? systemFiles;
    this.#durable = new DurableFiles(this.#files, join(this.#root, 'tmp'));
  }

  #pathOf(id: string, kind: 'eml' | 'json'): string {
    return join(this.#root, id.slice(0, 2), `${id}.${kind}`);
  }

  async commit(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineRecord> {
    try {
      return entry.sha256 === ''
        ? await this.#commitUnknown(entry, message)
        : await this.#inTurn(entry.sha256, () => this.#commitKnown(entry, message));
    } catch (error) {
      throw failed('the quarantine could not store an original', error);
    }
  }

  /** Runs `task` after every earlier one of the same digest, whatever became of those. */
  async #inTurn<T>(id: string, task: () => Promise<T>): Promise<T> {
    const earlier = this.#turns.get(id) ?? Promise.resolve();
    const turn = earlier.then(task, task);
    const settled = turn.catch(() => undefined);
    this.#turns.set(id, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(id) === settled) {
        this.#turns.delete(id);
      }
    }
  }

  async #commitKnown(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineRecord> {
    const id = entry.sha256;
    if (!ID.test(id)) {
      throw new Error('the digest of the message is malformed');
    }
    if (!(await this.#isStored(id, message.byteLength))) {
      await this.#store(message, id);
    }
    return this.#writeRecord(entry, id, message.byteLength);
  }

  /** Without a digest the content has to be written before it is known where it belongs. */
  async #commitUnknown(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineRecord> {
    const pending = await this.#durable.begin();
    try {
      const id = await writeAll(message, pending);
      return await this.#inTurn(id, async () => {
        await this.#publish(pending, id);
        return this.#writeRecord(entry, id, message.byteLength);
      });
    } finally {
      await pending.discard();
    }
  }

  async #store(message: MessageBytes, id: string): Promise<void> {
    const pending = await this.#durable.begin();
    try {
      if ((await writeAll(message, pending)) !== id) {
        throw new Error('the content does not have the digest it was scanned under');
      }
      await this.#publish(pending, id);
    } finally {
      await pending.discard();
    }
  }

  async #publish(pending: PendingFile, id: string): Promise<void> {
    try {
      await pending.publish(this.#pathOf(id, 'eml'));
      this.#remember(id);
    } catch (error) {
      if ((await this.get(id)) === undefined) {
        await this.#forget(id);
      }
      throw error;
    }
  }

  /** One without the other would be found by nobody; the caller delivers nothing and tries again. */
  async #forget(id: string): Promise<void> {
    this.#verified.delete(id);
    await this.#files.unlink(this.#pathOf(id, 'json')).catch(() => undefined);
    await this.#files.unlink(this.#pathOf(id, 'eml')).catch(() => undefined);
  }

  /** An object that is there but damaged is no original: it is written again. */
  async #isStored(id: string, bytes: number): Promise<boolean> {
    try {
      const { size } = await this.#files.stat(this.#pathOf(id, 'eml'));
      if (size !== bytes || (!this.#verified.has(id) && (await this.#digestOf(id)) !== id)) {
        return false;
      }
      this.#remember(id);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return false;
      }
      throw error;
    }
  }

  #remember(id: string): void {
    if (this.#verified.size >= MAX_VERIFIED) {
      this.#verified.clear();
    }
    this.#verified.add(id);
  }

  async #digestOf(id: string): Promise<string> {
    const handle = await this.#files.open(this.#pathOf(id, 'eml'), 'r');
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, null);
        if (bytesRead === 0) {
          return hash.digest('hex');
        }
        hash.update(buffer.subarray(0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  async #writeRecord(entry: QuarantineEntry, id: string, bytes: number): Promise<QuarantineRecord> {
    const now = new Date(this.#clock.now()).toISOString();
    const known = await this.get(id);
    const record = known === undefined ? newRecord(entry, id, bytes, now) : seenAgain(known, now);
    try {
      await this.#durable.writeFile(this.#pathOf(id, 'json'), formatRecord(record));
      return record;
    } catch (error) {
      if (known === undefined) {
        await this.#forget(id);
      }
      throw error;
    }
  }

  async get(id: string): Promise<QuarantineRecord | undefined> {
    if (!ID.test(id)) {
      return undefined;
    }
    try {
      const record = parseRecord(await this.#files.readFile(this.#pathOf(id, 'json'), 'utf8'));
      return record?.id === id ? record : undefined;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return undefined;
      }
      throw failed('the quarantine could not be read', error);
    }
  }

  async #namesIn(folder: string): Promise<readonly string[]> {
    try {
      return await this.#files.readdir(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        return [];
      }
      throw failed('the quarantine could not be read', error);
    }
  }

  async list(): Promise<readonly QuarantineRecord[]> {
    const records: QuarantineRecord[] = [];
    for (const shard of (await this.#namesIn(this.#root)).filter((name) => SHARD.test(name))) {
      const names = await this.#namesIn(join(this.#root, shard));
      for (const name of names.filter((one) => one.endsWith('.json'))) {
        const record = await this.get(name.slice(0, -'.json'.length));
        records.push(...(record === undefined ? [] : [record]));
      }
    }
    return records.sort((a, b) => b.lastSeen.localeCompare(a.lastSeen) || a.id.localeCompare(b.id));
  }

  async read(id: string): Promise<Uint8Array> {
    if (!ID.test(id)) {
      throw new GatewayError('QUARANTINE_FAILED', 'no such original in the quarantine');
    }
    let content: Buffer;
    try {
      content = await this.#files.readFile(this.#pathOf(id, 'eml'));
    } catch (error) {
      throw failed(`the original ${id} could not be read`, error);
    }
    if (createHash('sha256').update(content).digest('hex') !== id) {
      throw new GatewayError('QUARANTINE_FAILED', `the original ${id} is damaged`);
    }
    return content;
  }

  /** Proves that the folder takes files, and removes what a crash left in it. Rejects with `QUARANTINE_FAILED`. */
  async prepare(): Promise<void> {
    const folder = join(this.#root, 'tmp');
    try {
      const pending = await this.#durable.begin();
      await pending.discard();
      for (const name of await this.#files.readdir(folder)) {
        const path = join(folder, name);
        const { mtimeMs } = await this.#files.stat(path);
        if (name.endsWith('.part') && this.#clock.now() - mtimeMs > LEFTOVER_AGE_MS) {
          await this.#files.unlink(path);
        }
      }
    } catch (error) {
      throw failed(`the quarantine ${this.#root} cannot be used`, error);
    }
  }
}
