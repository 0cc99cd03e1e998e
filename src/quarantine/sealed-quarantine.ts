import { createHash } from 'node:crypto';
import { systemClock, type Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import type { Page } from '../base/page.ts';
import type { MessageBytes } from '../scan/scanner.ts';
import { GLANCE_BYTES, glanceAt, type HeaderGlance } from './header-glance.ts';
import { IndexSeal } from './index-seal.ts';
import { ItemIndex } from './item-index.ts';
import type { KeyRing } from './key-ring.ts';
import { forEachChunk, readStart } from './message-chunks.ts';
import { OBJECT_ID, type ObjectStorage } from './object-storage.ts';
import { adoptObjects, openKeyRing } from './quarantine-opening.ts';
import type {
  QuarantineArchive,
  QuarantineItem,
  QuarantineQuery,
  StoreHealth,
  StoreUsage,
} from './quarantine-archive.ts';
import type { QuarantineDatabase } from './quarantine-database.ts';
import { quarantineFailure } from './quarantine-failure.ts';
import { boundedEntry, type SealedRecord } from './quarantine-record.ts';
import type { QuarantineEntry } from './quarantine-store.ts';
import { ObjectSealer, openContent } from './sealed-object.ts';
import { TurnQueue } from './turn-queue.ts';

export interface SealedQuarantineOptions {
  readonly database: QuarantineDatabase;
  readonly storage: ObjectStorage;
  readonly keyFile: string;
  /** 0: for ever. */
  readonly retentionDays: number;
  /** 0: no limit. */
  readonly quotaBytes: number;
  readonly whenFull: 'refuse' | 'drop-released' | 'oldest-first';
  /** For `oldest-first`: what was fetched within these days is never deleted for want of room. */
  readonly minimumDays: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

const DAY_MS = 86_400_000;
/** Objects whose content was verified in this process, so that a message fetched again is not read again. */
const MAX_VERIFIED = 10_000;
const EVICTING = 'the quarantine is full: originals are deleted before their retention is over';
const FULL_REMEDY = 'Raise quarantine.quotaBytes, or delete originals';
/** Originals that are deleted in one go. */
const EXPIRE_BATCH = 500;
/** After an original was deleted for want of room the administrator is told for this time. */
const EVICTION_TOLD_MS = DAY_MS;
/** Another process that writes is done after this. */
const LOCKED_RETRIES = 10;
const LOCKED_RETRY_MS = 50;

/** Originals sealed one by one in an object storage, and an index of them in SQLite. */
export class SealedQuarantine implements QuarantineArchive {
  readonly #options: SealedQuarantineOptions;
  readonly #storage: ObjectStorage;
  readonly #database: QuarantineDatabase;
  readonly #index: ItemIndex;
  readonly #clock: Clock;
  /** Commits of one digest run one after the other; the later ones find the object of the first. */
  readonly #turns = new TurnQueue();
  readonly #verified = new Set<string>();
  #ring: Promise<KeyRing> | undefined;
  #seals: { readonly ring: KeyRing; readonly seal: IndexSeal } | undefined;
  /** Bytes of commits that are under way. */
  #reserved = 0;
  #evictedAt = -Infinity;
  readonly #end = new AbortController();
  #warming: Promise<void> = Promise.resolve();

  constructor(options: SealedQuarantineOptions) {
    this.#options = options;
    this.#storage = options.storage;
    this.#database = options.database;
    this.#index = new ItemIndex(options.database);
    this.#clock = options.clock ?? systemClock;
  }

  async commit(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineItem> {
    try {
      const id = entry.sha256 === '' ? await digestOf(message) : entry.sha256;
      if (!OBJECT_ID.test(id)) throw new Error('the digest of the message is malformed');
      return await this.#turns.run(id, () => this.#commit(boundedEntry({ ...entry, sha256: id }), message));
    } catch (error) {
      throw quarantineFailure('the quarantine could not store an original', error);
    }
  }

  async #commit(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineItem> {
    const id = entry.sha256;
    const seal = await this.#indexSeal();
    const isKnown = await this.#unlocked(() => this.#index.has(id));
    const isStored = isKnown && (await this.#isIntact(id, message.byteLength));
    const now = this.#clock.now();
    if (!isStored) await this.#store(entry, message, !isKnown);
    if (isKnown) await this.#unlocked(() => this.#index.seeAgain(id, entry, now));
    await this.#database.flush();
    const item = this.#index.get(id, seal);
    if (item === undefined) throw new Error('the record vanished');
    return item;
  }

  /** Content first, then its row: a row without content would promise what is not there. */
  async #store(entry: QuarantineEntry, message: MessageBytes, isNew: boolean): Promise<void> {
    const ring = await this.#keys();
    const glance = glanceAt(await readStart(message, GLANCE_BYTES));
    const bytes = message.byteLength;
    await this.#makeRoom(isNew ? bytes : 0);
    this.#reserved += bytes;
    try {
      const now = this.#clock.now();
      await this.#seal(ring, { entry, ...glance, at: now }, message);
      if (isNew) await this.#insert(entry, { glance, bytes, keyId: ring.currentId, now });
      this.#remember(entry.sha256);
    } finally {
      this.#reserved -= bytes;
    }
  }

  async #insert(
    entry: QuarantineEntry,
    row: { glance: HeaderGlance; bytes: number; keyId: string; now: number },
  ): Promise<void> {
    const { glance, bytes, keyId, now } = row;
    const id = entry.sha256;
    const seal = await this.#indexSeal();
    try {
      await this.#unlocked(() => this.#index.insert({ id, bytes, entry, keyId, now, ...glance }, seal));
    } catch (error) {
      await this.#storage.remove(id).catch(() => undefined); // nobody would ever find it
      throw error;
    }
  }

  async #seal(ring: KeyRing, record: SealedRecord, message: MessageBytes): Promise<void> {
    const pending = await this.#storage.begin();
    try {
      const sealer = new ObjectSealer(ring, JSON.stringify(record));
      const hash = createHash('sha256');
      await pending.write(sealer.head);
      await forEachChunk(message, async (chunk) => {
        hash.update(chunk);
        await pending.write(sealer.update(chunk));
      });
      await pending.write(sealer.end());
      if (hash.digest('hex') !== record.entry.sha256) {
        throw new Error('the content does not have the digest it was scanned under');
      }
      await pending.publish(record.entry.sha256);
    } finally {
      await pending.discard();
    }
  }

  /** What is there but damaged is no original: it is written again. */
  async #isIntact(id: string, bytes: number): Promise<boolean> {
    const size = await this.#storage.sizeOf(id);
    if (size === undefined || size < bytes) return false;
    if (this.#verified.has(id)) return true;
    const content = await this.read(id).catch(() => undefined);
    if (content?.byteLength !== bytes) return false;
    this.#remember(id);
    return true;
  }

  #remember(id: string): void {
    if (this.#verified.size >= MAX_VERIFIED) this.#verified.clear();
    this.#verified.add(id);
  }

  async #makeRoom(bytes: number): Promise<void> {
    if (this.#hasRoom(bytes)) return;
    await this.expire();
    await this.#evict(bytes);
    if (!this.#hasRoom(bytes)) {
      throw new GatewayError('QUARANTINE_FAILED', `the quarantine is full. ${FULL_REMEDY}`, {
        retryable: true,
      });
    }
  }

  /** What is missed least first; never more than there has to go. */
  async #evict(bytes: number): Promise<void> {
    const { whenFull, minimumDays } = this.#options;
    if (whenFull === 'refuse') return;
    await this.#drop(this.#index.released(EXPIRE_BATCH), bytes, 'one that was released');
    if (whenFull !== 'oldest-first') return;
    const before = this.#clock.now() - minimumDays * DAY_MS;
    for (let ids = this.#oldest(before, bytes); ids.length > 0; ids = this.#oldest(before, bytes)) {
      await this.#drop(ids, bytes, 'the oldest');
      this.#evictedAt = this.#clock.now();
    }
  }

  #oldest(before: number, bytes: number): readonly string[] {
    return this.#hasRoom(bytes) ? [] : this.#index.evictable(before, EXPIRE_BATCH);
  }

  async #drop(ids: readonly string[], bytes: number, which: string): Promise<void> {
    for (const id of ids) {
      if (this.#hasRoom(bytes)) return;
      await this.remove(id);
      this.#log().warn({ id }, `the quarantine is full: deleted ${which}`);
    }
  }

  #hasRoom(bytes: number): boolean {
    const { quotaBytes } = this.#options;
    return quotaBytes === 0 || this.#index.totals().bytes + this.#reserved + bytes <= quotaBytes;
  }

  async search(query: QuarantineQuery): Promise<Page<QuarantineItem>> {
    return await this.#readingSealed((seal) => this.#index.search(query, seal));
  }

  async get(id: string): Promise<QuarantineItem | undefined> {
    if (!OBJECT_ID.test(id)) return undefined;
    return await this.#readingSealed(async (seal) => this.#index.get(id, seal));
  }

  async read(id: string): Promise<Uint8Array> {
    if (!OBJECT_ID.test(id)) {
      throw new GatewayError('QUARANTINE_FAILED', 'no such original in the quarantine');
    }
    try {
      const sealed = await this.#storage.read(id);
      if (sealed === undefined) throw new Error('it is not there');
      const content = openContent(await this.#keys(), sealed);
      if (createHash('sha256').update(content).digest('hex') !== id) throw new Error('it is damaged');
      return content;
    } catch (error) {
      throw quarantineFailure(`the original ${id} could not be read`, error);
    }
  }

  async remove(id: string): Promise<boolean> {
    if (!OBJECT_ID.test(id)) return false;
    try {
      return await this.#turns.run(id, async () => {
        this.#verified.delete(id);
        await this.#storage.remove(id);
        return this.#unlocked(() => this.#index.remove(id));
      });
    } catch (error) {
      throw quarantineFailure(`the original ${id} could not be deleted`, error);
    }
  }

  async usage(): Promise<StoreUsage> {
    return this.#reading(() => ({ ...this.#index.totals(), quotaBytes: this.#options.quotaBytes }));
  }

  async expire(): Promise<number> {
    const { retentionDays } = this.#options;
    if (retentionDays === 0) return 0;
    const before = this.#clock.now() - retentionDays * DAY_MS;
    const ids = this.#reading(() => this.#index.seenBefore(before, EXPIRE_BATCH));
    for (const id of ids) await this.remove(id);
    return ids.length;
  }

  async prepare(): Promise<void> {
    try {
      const ring = await this.#keys();
      await this.#storage.prepare();
      if (this.#database.isNew()) await this.#adopt(ring);
      this.#warming = this.#warm(await this.#indexSeal());
    } catch (cause) {
      const error = quarantineFailure('the quarantine cannot be used', cause);
      const isOfIndex = cause instanceof GatewayError && cause.code === 'STORE_FAILED';
      if (!error.retryable && !isOfIndex) throw error;
      this.#log().error({ err: error }, 'the quarantine cannot be used now; what has to be kept is deferred');
    }
  }

  /** Also for people: everything that the index does not know is put into it. Resolves with the number. */
  async rebuild(): Promise<number> {
    return this.#adopt(await this.#keys());
  }

  async #adopt(ring: KeyRing): Promise<number> {
    const adopted = await adoptObjects(this.#storage, ring, this.#index);
    if (adopted > 0) this.#log().warn({ adopted }, 'put originals into the quarantine index again');
    return adopted;
  }

  async health(): Promise<StoreHealth> {
    try {
      await this.#keys();
      await this.#storage.prepare();
      const { objects, bytes } = this.#index.totals();
      if (this.#clock.now() - this.#evictedAt < EVICTION_TOLD_MS) {
        return { level: 'yellow', detail: EVICTING, remedy: FULL_REMEDY };
      }
      if (!this.#hasRoom(1)) {
        return { level: 'yellow', detail: `the quarantine is full: ${bytes} bytes`, remedy: FULL_REMEDY };
      }
      return { level: 'green', detail: `${objects} originals, ${bytes} bytes` };
    } catch (error) {
      const { message } = quarantineFailure('the quarantine cannot be used', error);
      const [detail = '', ...remedy] = message.split('. ');
      return { level: 'red', detail, remedy: remedy.join('. ') || 'The log has the reason' };
    }
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#warming;
    this.#database.close();
  }

  /** Read once; again after a failure, because the remedy of most is a change of the file. */
  async #keys(): Promise<KeyRing> {
    this.#ring ??= openKeyRing(this.#options.keyFile, this.#storage, this.#index, this.#log());
    try {
      return await this.#ring;
    } catch (error) {
      this.#ring = undefined;
      throw error;
    }
  }

  /** The first search is as quick as the next ones; without it it is only slower. */
  async #warm(seal: IndexSeal): Promise<void> {
    try {
      await this.#index.warm(seal, this.#end.signal);
    } catch (error) {
      this.#log().warn({ err: error }, 'the quarantine index could not be read ahead of a search');
    }
  }

  async #indexSeal(): Promise<IndexSeal> {
    const ring = await this.#keys();
    if (this.#seals?.ring === ring) return this.#seals.seal;
    const seal = new IndexSeal(ring);
    await this.#index.sealPlain(seal);
    this.#seals = { ring, seal };
    return seal;
  }

  async #readingSealed<T>(work: (seal: IndexSeal) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#indexSeal());
    } catch (error) {
      throw quarantineFailure('the quarantine could not be read', error);
    }
  }

  #log(): Logger {
    return this.#options.log ?? silentLogger;
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw quarantineFailure('the quarantine could not be read', error);
    }
  }

  /** Waits a moment for another process that writes, without holding up the event loop. */
  async #unlocked<T>(work: () => T): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      try {
        return work();
      } catch (error) {
        const isLocked = error instanceof GatewayError && error.fields['locked'] === true;
        if (!isLocked || tries >= LOCKED_RETRIES) throw error;
        await new Promise<void>((resolve) => void this.#clock.after(LOCKED_RETRY_MS, resolve));
      }
    }
  }
}

async function digestOf(message: MessageBytes): Promise<string> {
  const hash = createHash('sha256');
  await forEachChunk(message, async (chunk) => void hash.update(chunk));
  return hash.digest('hex');
}
