import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { systemFiles, type FileSystem } from '../../src/quarantine/durable-files.ts';
import { FileObjects } from '../../src/quarantine/file-objects.ts';
import { QuarantineDatabase } from '../../src/quarantine/quarantine-database.ts';
import { SealedQuarantine, type SealedQuarantineOptions } from '../../src/quarantine/sealed-quarantine.ts';

interface Settings extends Partial<SealedQuarantineOptions> {
  readonly files?: FileSystem;
}

/** Folders for quarantines, and the quarantines that were opened in them. */
export class QuarantineFolders {
  readonly #base = mkdtempSync(join(tmpdir(), 'postern-quarantine-'));
  readonly #opened: SealedQuarantine[] = [];
  #count = 0;

  /** One that is not there yet, in a folder of its own. */
  fresh(): string {
    this.#count += 1;
    return join(this.#base, `q${this.#count}`, 'quarantine');
  }

  openAt(path: string, settings: Settings = {}): SealedQuarantine {
    const { files = systemFiles, ...more } = settings;
    const clock = more.clock ?? systemClock;
    const store = new SealedQuarantine({
      database: new QuarantineDatabase(path),
      storage: new FileObjects(path, clock, files),
      keyFile: `${path}.key`,
      retentionDays: 30,
      quotaBytes: 0,
      whenFull: 'refuse',
      minimumDays: 7,
      clock,
      ...more,
    });
    this.#opened.push(store);
    return store;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((one) => one.close()));
    rmSync(this.#base, { recursive: true });
  }
}

export function movableClock(): { readonly clock: Clock; readonly advance: (ms: number) => void } {
  let now = Date.UTC(2026, 0, 1);
  return { clock: { ...systemClock, now: () => now }, advance: (ms) => void (now += ms) };
}
