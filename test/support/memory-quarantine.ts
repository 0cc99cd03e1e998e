import { GatewayError } from '../../src/base/errors.ts';
import type {
  QuarantineEntry,
  QuarantineRecord,
  QuarantineStore,
} from '../../src/quarantine/quarantine-store.ts';
import type { MessageBytes } from '../../src/scan/scanner.ts';
import { contentOf } from './fake-scanner.ts';

/** Keeps originals in memory; `isFull` makes every commit fail as a full disk does. */
export class MemoryQuarantine implements QuarantineStore {
  readonly stored: { readonly record: QuarantineRecord; readonly content: Buffer }[] = [];
  isFull = false;

  async commit(entry: QuarantineEntry, message: MessageBytes): Promise<QuarantineRecord> {
    if (this.isFull) throw new GatewayError('QUARANTINE_FAILED', 'no space left on device');
    const content = contentOf(message);
    const now = new Date(0).toISOString();
    const record = {
      ...entry,
      id: entry.sha256,
      bytes: content.length,
      firstSeen: now,
      lastSeen: now,
      count: 1,
    };
    this.stored.push({ record, content });
    return record;
  }

  async list(): Promise<readonly QuarantineRecord[]> {
    return this.stored.map(({ record }) => record);
  }

  async get(id: string): Promise<QuarantineRecord | undefined> {
    return this.stored.find(({ record }) => record.id === id)?.record;
  }

  async read(id: string): Promise<Uint8Array> {
    const found = this.stored.find(({ record }) => record.id === id);
    if (found === undefined) throw new GatewayError('QUARANTINE_FAILED', 'no such object');
    return found.content;
  }
}
