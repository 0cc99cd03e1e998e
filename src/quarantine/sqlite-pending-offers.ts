import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Offer, OfferOutcome, PendingOffers } from './pending-offers.ts';
import type { QuarantineDatabase } from './quarantine-database.ts';
import type { QuarantineStore } from './quarantine-store.ts';

/** A server that refuses this often will always refuse. */
const MAX_ATTEMPTS = 5;
/** A session that took an offer and is gone gives it back after this. */
const LEASE_MS = 600_000;
/** What was refused waits so long, then four times as long each time: a full mailbox is emptied within a day. */
const RETRY_MS = 600_000;
const RETRY_FACTOR = 4;
/** Who did it, for the audit trail. */
const ACTOR = 'gateway';
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
  readonly #audit: Pick<AuditTrail, 'append'>;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(parts: {
    readonly database: QuarantineDatabase;
    readonly store: Pick<QuarantineStore, 'read'>;
    readonly audit: Pick<AuditTrail, 'append'>;
    readonly clock: Clock;
    readonly log: Logger;
  }) {
    const { database, store, audit, clock, log } = parts;
    this.#database = database;
    this.#store = store;
    this.#audit = audit;
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
      this.#giveUp(user, now);
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

  settle(offer: Offer, outcome: OfferOutcome): void {
    try {
      this.#database.transaction(() => this.#settle(offer, outcome));
    } catch (error) {
      this.#log.error(
        { err: error, offer: offer.id },
        'an offer could not be settled; it may be appended twice',
      );
    }
  }

  #settle({ id, sha256, user, mailbox }: Offer, outcome: OfferOutcome): void {
    const isAppended = outcome.kind === 'appended';
    const reason = outcome.kind === 'failed' ? outcome.reason.slice(0, MAX_REASON) : '';
    const row = this.#database.get("SELECT attempts FROM offers WHERE id = ? AND state = 'waiting'", id);
    if (row === undefined) return; // withdrawn meanwhile
    const attempts = z.int().parse(row['attempts']);
    const isOver = attempts >= MAX_ATTEMPTS;
    const until = this.#clock.now() + RETRY_MS * RETRY_FACTOR ** Math.max(0, attempts - 1);
    const state = isAppended ? 'appended' : isOver ? 'failed' : 'waiting';
    const sql = 'UPDATE offers SET leased_until = ?, reason = ?, state = ? WHERE id = ?';
    this.#database.run(sql, state === 'waiting' ? until : 0, reason, state, id);
    const what = `to ${mailbox} of ${user}`;
    if (isAppended) this.#tell('offer-delivered', sha256, what);
    else this.#tell('offer-failed', sha256, `${what}, attempt ${attempts} of ${MAX_ATTEMPTS}: ${reason}`);
  }

  /** Sessions that took it and ended before the server answered: whether it was appended is not known. */
  #giveUp(user: string, now: number): void {
    const sql = `UPDATE offers SET state = 'failed', reason = 'no answer'
      WHERE user = ? AND state = 'waiting' AND leased_until <= ? AND attempts >= ${MAX_ATTEMPTS}
      RETURNING sha256, mailbox`;
    for (const row of this.#database.all(sql, user, now)) {
      const { sha256, mailbox } = z.object({ sha256: z.string(), mailbox: z.string() }).parse(row);
      this.#tell('offer-failed', sha256, `to ${mailbox} of ${user}: no session got an answer`);
    }
  }

  #tell(action: 'offer-delivered' | 'offer-failed', object: string, detail: string): void {
    this.#audit.append({ actor: ACTOR, action, object, detail });
    this.#log.info(
      { sha256: object, detail },
      action === 'offer-delivered' ? 'offer delivered' : 'offer failed',
    );
  }
}
