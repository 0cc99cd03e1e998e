import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { tryLock } from './file-lock.ts';
import { FILE_BYTES, formatRecord, freeSlots, parseRecord, slotOffset } from './record-format.ts';
import { type RecordAccess, STATE } from './scan-record.ts';
import { atTheEnd, type RecordContent, type Suspect, suspectsAfter } from './suspects.ts';

export const RECORD_NAME = 'unfinished-scans';
/** Processes that share a port and a folder, of one machine with very many cores; those beyond go without. */
export const MAX_RECORDS = 32;
/** As the quarantine beside it: nobody but the gateway's user. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const EMPTY: RecordContent = { left: [], suspects: [] };

export interface RecordFile {
  readonly path: string;
  readonly access: RecordAccess;
  /** Scans that the process before had not finished. */
  readonly left: readonly string[];
  readonly suspects: readonly Suspect[];
  /** Is what was there before no such file? It is written anew. */
  readonly wasDamaged: boolean;
  /** The process stops as asked: what is being scanned is forgotten, and nothing more recorded. */
  clear(): void;
  /** Another process may have it now. */
  close(): void;
}

/**
 * Opens a record of unfinished scans in `folder` and turns what a process before left in it into suspects. Throws a
 * plain sentence when the folder cannot be used, or too many processes use it.
 */
export function openRecordFile(folder: string, settings: string, now: number): RecordFile {
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  for (let number = 1; number <= MAX_RECORDS; number += 1) {
    const path = join(folder, recordName(number));
    const unlock = tryLock(`${path}.lock`);
    if (unlock !== undefined) return openLocked(path, unlock, settings, now);
  }
  throw new Error(`${MAX_RECORDS} other gateways use the same folder`);
}

/** Each process has a file of its own; the one that starts next takes the first that nobody has. */
export function recordName(number: number): string {
  return number === 1 ? RECORD_NAME : `${RECORD_NAME}-${number}`;
}

function openLocked(path: string, unlock: () => void, settings: string, now: number): RecordFile {
  try {
    const before = readRecord(path, now);
    const suspects = suspectsAfter(before ?? EMPTY, settings, now);
    writeFileSync(`${path}.part`, formatRecord(suspects), { mode: FILE_MODE });
    renameSync(`${path}.part`, path);
    const state = new SharedArrayBuffer(STATE.bytes);
    return {
      path,
      access: { path, state, suspects, settings },
      left: [...new Set(atTheEnd(before?.left ?? []).map(({ sha256 }) => sha256))],
      suspects,
      wasDamaged: before === undefined,
      clear: () => {
        Atomics.store(new Int32Array(state), STATE.isClosed, 1);
        clearSlots(path);
      },
      close: unlock,
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Undefined when it is no record of ours. Nothing is read of what is no plain file: a pipe would be waited for. */
function readRecord(path: string, now: number): RecordContent | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return EMPTY;
  if (!found.isFile()) return undefined;
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size !== FILE_BYTES) return undefined;
    const bytes = Buffer.alloc(FILE_BYTES);
    readSync(file, bytes, 0, FILE_BYTES, 0);
    return parseRecord(bytes, now);
  } finally {
    closeSync(file);
  }
}

/** Best effort: a line that stays is one strike for a message that has done nothing. */
function clearSlots(path: string): void {
  try {
    const file = openSync(path, 'r+');
    try {
      const free = freeSlots();
      writeSync(file, free, 0, free.byteLength, slotOffset(0));
    } finally {
      closeSync(file);
    }
  } catch {
    // An administrator has removed it.
  }
}
