import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import type { Logger } from '../base/log.ts';
import type { AuditTrail } from './audit-trail.ts';
import { FileObjects } from './file-objects.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { PendingOffers } from './pending-offers.ts';
import type { QuarantineArchive } from './quarantine-archive.ts';
import { QuarantineDatabase } from './quarantine-database.ts';
import type { ReleaseBook } from './release-book.ts';
import { S3Objects } from './s3-objects.ts';
import { SealedQuarantine } from './sealed-quarantine.ts';
import { SqliteAuditTrail } from './sqlite-audit-trail.ts';
import { SqlitePendingOffers } from './sqlite-pending-offers.ts';
import { SqliteReleaseBook } from './sqlite-release-book.ts';

/** The quarantine and everything that is kept with it. */
export interface Quarantine {
  readonly archive: QuarantineArchive;
  readonly releases: ReleaseBook;
  readonly offers: PendingOffers;
  readonly audit: AuditTrail;
}

export function keyFileOf({ path, keyFile }: Pick<Config['quarantine'], 'path' | 'keyFile'>): string {
  return keyFile ?? `${path}.key`;
}

/** Opens nothing yet: files are touched by `archive.prepare` or the first use. */
export function openQuarantine(settings: Config['quarantine'], clock: Clock, log: Logger): Quarantine {
  const database = new QuarantineDatabase(settings.path);
  const { retentionDays, quotaBytes, whenFull, minimumDays } = settings;
  const archive = new SealedQuarantine({
    database,
    storage: storageOf(settings, clock),
    keyFile: keyFileOf(settings),
    retentionDays,
    quotaBytes,
    whenFull,
    minimumDays,
    clock,
    log,
  });
  const audit = new SqliteAuditTrail(database, clock);
  const releases = new SqliteReleaseBook(database, audit, clock, log);
  const offers = new SqlitePendingOffers({ database, store: archive, audit, clock, log });
  return { archive, releases, offers, audit };
}

function storageOf({ path, s3 }: Config['quarantine'], clock: Clock): ObjectStorage {
  const { endpoint, bucket, accessKeyId, secretAccessKey, prefix, region } = s3;
  if (endpoint === undefined || bucket === undefined) return new FileObjects(path, clock);
  const credentials = { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '' };
  return new S3Objects({ endpoint, bucket, prefix, region, ...credentials, folder: path });
}
