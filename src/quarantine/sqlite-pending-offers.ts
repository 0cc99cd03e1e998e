import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Offer, OfferOutcome, PendingOffers } from './pending-offers.ts';
import type { QuarantineDatabase } from './quarantine-database.ts';
import type { QuarantineStore } from './quarantine-store.ts';

/** A server that refuses this often will always refuse. */
const MAX_ATTEMPTS = 5;
/** A session that took an offer and is gone gives it back after this. */
const LEASE_MS = 600_000;
const MAX_REASON = 200;

const rowSchema = z.object({
  id: z.int(),
  release_id: z.string(),
  sha256: z.string(),
  user: z.string(),
  mailbox: z.string(),
});

/** Offers in the quarantine's database. */
export class SqlitePendingOffers implements PendingOffers {
  readonly #database: QuarantineDatabase;
  readonly #store: Pick<QuarantineStore, 'read'>;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(database: QuarantineDatabase, store: Pick<QuarantineStore, 'read'>, clock: Clock, log: Logger) {
    this.#database = database;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  take(user: string, limit: number): readonly Offer[] {
    const now = this.#clock.now();
    const sql = `UPDATE offers SET leased_until = ?, attempts = attempts + 1 WHERE id IN (
        SELECT id FROM offers WHERE user = ? AND state = 'waiting' AND leased_until <= ? ORDER BY id LIMIT ?
      ) RETURNING id, release_id, sha256, user, mailbox`;
    try {
      if (!this.#isAnyDue(user, now)) return [];
      return this.#database
        .all(sql, now + LEASE_MS, user, now, limit)
        .map((row) => rowSchema.parse(row))
        .map(({ release_id: releaseId, ...offer }) => ({ ...offer, releaseId }));
    } catch (error) {
      this.#log.error({ err: error }, 'the offers cannot be read');
      return [];
    }
  }

  /** Every login asks; a read takes no lock, where the update would wait for the other writers of the file. */
  #isAnyDue(user: string, now: number): boolean {
    const sql = `SELECT 1 FROM offers WHERE user = ? AND state = 'waiting' AND leased_until <= ? LIMIT 1`;
    return this.#database.get(sql, user, now) !== undefined;
  }

  read({ sha256 }: Offer): Promise<Uint8Array> {
    return this.#store.read(sha256);
  }

  settle({ id }: Offer, outcome: OfferOutcome): void {
    const reason = outcome.kind === 'failed' ? outcome.reason.slice(0, MAX_REASON) : '';
    const sql = `UPDATE offers SET leased_until = 0, reason = ?,
        state = CASE WHEN ? THEN 'appended' WHEN attempts >= ${MAX_ATTEMPTS} THEN 'failed' ELSE state END
      WHERE id = ? AND state = 'waiting'`;
    try {
      this.#database.run(sql, reason, outcome.kind === 'appended' ? 1 : 0, id);
    } catch (error) {
      this.#log.error({ err: error, offer: id }, 'an offer could not be settled; it may be appended twice');
    }
  }
}
