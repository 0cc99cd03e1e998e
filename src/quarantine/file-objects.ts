import { join, resolve } from 'node:path';
import { systemClock, type Clock } from '../base/clock.ts';
import { DurableFiles, type FileSystem, systemFiles } from './durable-files.ts';
import { OBJECT_ID, type ObjectStorage, type PendingObject } from './object-storage.ts';

const SHARD = /^[0-9a-f]{2}$/u;
const SUFFIX = '.sealed';
/** What a crash left behind; younger files may belong to a commit that is running. */
const LEFTOVER_AGE_MS = 3_600_000;

/** Objects as files `ab/abcd….sealed`: written under a temporary name, synced, renamed, and their folder synced. */
export class FileObjects implements ObjectStorage {
  readonly #root: string;
  readonly #files: FileSystem;
  readonly #durable: DurableFiles;
  readonly #clock: Clock;

  constructor(path: string, clock: Clock = systemClock, files: FileSystem = systemFiles) {
    this.#root = resolve(path);
    this.#clock = clock;
    this.#files = files;
    this.#durable = new DurableFiles(files, join(this.#root, 'tmp'));
  }

  async begin(): Promise<PendingObject> {
    const pending = await this.#durable.begin();
    return {
      write: (chunk) => pending.write(chunk),
      publish: (id) => pending.publish(this.#pathOf(id)),
      discard: () => pending.discard(),
    };
  }

  async sizeOf(id: string): Promise<number | undefined> {
    return (await ifThere(this.#files.stat(this.#pathOf(id))))?.size;
  }

  read(id: string): Promise<Buffer | undefined> {
    return ifThere(this.#files.readFile(this.#pathOf(id)));
  }

  async readStart(id: string, bytes: number): Promise<Buffer | undefined> {
    const handle = await ifThere(this.#files.open(this.#pathOf(id), 'r'));
    if (handle === undefined) return undefined;
    try {
      const start = Buffer.alloc(bytes);
      const { bytesRead } = await handle.read(start, 0, bytes, 0);
      return start.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  async remove(id: string): Promise<void> {
    await ifThere(this.#files.unlink(this.#pathOf(id)));
  }

  async *ids(): AsyncGenerator<string> {
    for (const shard of await this.#namesIn(this.#root)) {
      if (!SHARD.test(shard)) continue;
      for (const name of await this.#namesIn(join(this.#root, shard))) {
        const id = name.slice(0, -SUFFIX.length);
        if (name.endsWith(SUFFIX) && OBJECT_ID.test(id)) yield id;
      }
    }
  }

  async prepare(): Promise<void> {
    const pending = await this.#durable.begin();
    await pending.discard();
    const folder = join(this.#root, 'tmp');
    for (const name of await this.#namesIn(folder)) {
      const path = join(folder, name);
      const info = await ifThere(this.#files.stat(path));
      const age = this.#clock.now() - (info?.mtimeMs ?? Infinity);
      if (name.endsWith('.part') && age > LEFTOVER_AGE_MS) await ifThere(this.#files.unlink(path));
    }
  }

  #pathOf(id: string): string {
    return join(this.#root, id.slice(0, 2), `${id}${SUFFIX}`);
  }

  async #namesIn(folder: string): Promise<readonly string[]> {
    return (await ifThere(this.#files.readdir(folder))) ?? [];
  }
}

async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
