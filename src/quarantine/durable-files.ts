import { randomUUID } from 'node:crypto';
import * as nodeFiles from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the store uses of the file system; tests pass one whose disk is full. */
export type FileSystem = Pick<
  typeof nodeFiles,
  'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'stat' | 'unlink'
>;

export const systemFiles: FileSystem = nodeFiles;

/** Originals are hostile and private: nobody but the gateway's user may read them. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** A new file in the making. Nothing is visible under the final name before `publish` has resolved. */
export interface PendingFile {
  /** Where the content is until it is published. */
  readonly path: string;
  write(chunk: Uint8Array): Promise<void>;
  /** Content to stable storage, final name, folder to stable storage. */
  publish(path: string): Promise<void>;
  /** Removes what was written; harmless after `publish`. */
  discard(): Promise<void>;
}

/** Creates, renames and syncs such that what has resolved survives a power cut. */
export class DurableFiles {
  readonly #files: FileSystem;
  readonly #temporary: string;

  /** `temporary` has to be on the file system of everything that is published. */
  constructor(files: FileSystem, temporary: string) {
    this.#files = files;
    this.#temporary = temporary;
  }

  /** A rename or a new name is durable only once its folder is synced. */
  async #syncFolder(path: string): Promise<void> {
    const folder = await this.#files.open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #ensureFolder(path: string): Promise<void> {
    const created = await this.#files.mkdir(path, { recursive: true, mode: FOLDER_MODE });
    if (created === undefined) {
      return;
    }
    for (let folder = path; folder.length >= created.length; folder = dirname(folder)) {
      await this.#syncFolder(dirname(folder));
    }
  }

  async begin(): Promise<PendingFile> {
    await this.#ensureFolder(this.#temporary);
    const temporary = join(this.#temporary, `${randomUUID()}.part`);
    const handle = await this.#files.open(temporary, 'wx', FILE_MODE);
    let state: 'open' | 'closed' | 'published' = 'open';
    const close = async () => {
      if (state === 'open') {
        state = 'closed';
        await handle.close();
      }
    };
    return {
      path: temporary,
      write: (chunk) => writeFully(handle, chunk),
      publish: async (path) => {
        await handle.sync();
        await close();
        await this.#ensureFolder(dirname(path));
        await this.#files.rename(temporary, path);
        state = 'published';
        await this.#syncFolder(dirname(path));
      },
      discard: async () => {
        await close().catch(() => undefined);
        if (state !== 'published') {
          await this.#files.unlink(temporary).catch(() => undefined);
        }
      },
    };
  }
}

/** A write may take less than it was given, above all on a disk that is nearly full. */
async function writeFully(handle: nodeFiles.FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) {
    const { bytesWritten } = await handle.write(chunk, at, chunk.byteLength - at);
    at += bytesWritten;
  }
}
