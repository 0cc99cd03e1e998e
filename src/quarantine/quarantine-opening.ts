import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { IndexSeal } from './index-seal.ts';
import type { ItemIndex, NewItem } from './item-index.ts';
import { KeyRing } from './key-ring.ts';
import type { ObjectStorage } from './object-storage.ts';
import { parseSealedRecord } from './quarantine-record.ts';
import { keyIdOf, openRecord, SEAL_BYTES } from './sealed-object.ts';

/** Enough for the head and the record of nearly every object; the few others are read whole. */
const START_BYTES = 64 * 1024;

/** The keys that fit the originals that are there. Made when there are neither. Rejects with what to do. */
export async function openKeyRing(
  path: string,
  storage: ObjectStorage,
  index: ItemIndex,
  log: Logger,
): Promise<KeyRing> {
  const needed = await neededKeys(storage, index);
  const ring = await KeyRing.read(path);
  if (ring === undefined) {
    if (needed.length > 0) {
      throw misfit(`the quarantine key file ${path} is missing, but there are originals that need it`);
    }
    const made = await KeyRing.create(path);
    log.warn(
      { keyFile: path },
      'made the quarantine key; without it no original can be read, so keep a copy',
    );
    return made;
  }
  const missing = needed.filter((id) => !ring.has(id));
  if (missing.length > 0) {
    throw misfit(
      `the quarantine key file ${path} is not that of the originals (missing ${missing.join(', ')})`,
    );
  }
  return ring;
}

function misfit(what: string): GatewayError {
  const remedy = 'Restore the key file, or move the quarantine folder away';
  return new GatewayError('QUARANTINE_FAILED', `${what}. ${remedy}`);
}

/** As the index says; an index that is lost or damaged says nothing, so one object is asked as well. */
async function neededKeys(storage: ObjectStorage, index: ItemIndex): Promise<readonly string[]> {
  const known = keysOfIndex(index);
  if (known.length > 0) return known;
  for await (const id of storage.ids()) {
    const start = await storage.readStart(id, SEAL_BYTES);
    if (start !== undefined) return [keyIdOf(start)];
  }
  return [];
}

function keysOfIndex(index: ItemIndex): readonly string[] {
  try {
    return index.keyIds();
  } catch {
    return []; // its own check says so
  }
}

/** Puts every object that the index does not know into it; resolves with their number. Damaged ones stay outside. */
export async function adoptObjects(storage: ObjectStorage, ring: KeyRing, index: ItemIndex): Promise<number> {
  const seal = new IndexSeal(ring);
  let adopted = 0;
  for await (const id of storage.ids()) {
    if (index.has(id)) continue;
    const item = await readItem(id, storage, ring).catch(() => undefined);
    if (item === undefined) continue;
    const isAdopted = insertItem(index, item, seal);
    adopted += isAdopted ? 1 : 0;
  }
  return adopted;
}

function insertItem(index: ItemIndex, item: NewItem, seal: IndexSeal): boolean {
  try {
    index.insert(item, seal);
    return true;
  } catch {
    return false; // another process was first
  }
}

/** Undefined when the object is none of ours or damaged. */
async function readItem(id: string, storage: ObjectStorage, ring: KeyRing): Promise<NewItem | undefined> {
  const size = await storage.sizeOf(id);
  const start = await storage.readStart(id, START_BYTES);
  if (size === undefined || start === undefined) return undefined;
  const text = readableRecord(ring, start) ?? openRecord(ring, (await storage.read(id)) ?? start);
  const record = parseSealedRecord(text);
  if (record?.entry.sha256 !== id) return undefined;
  const { entry, subject, sender, at } = record;
  const bytes = size - SEAL_BYTES - Buffer.byteLength(text);
  return { id, bytes, entry, keyId: keyIdOf(start), now: at, subject, sender };
}

/** Undefined when the record is longer than what was read. */
function readableRecord(ring: KeyRing, start: Uint8Array): string | undefined {
  try {
    return openRecord(ring, start);
  } catch {
    return undefined;
  }
}
