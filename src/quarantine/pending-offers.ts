/** A released original that its reader is to get as a new message, because his client keeps the substitute. */
export interface Offer {
  readonly id: number;
  readonly releaseId: string;
  readonly sha256: string;
  readonly user: string;
  readonly mailbox: string;
}

export type OfferOutcome =
  | { readonly kind: 'appended' }
  /** The server refused; the offer is tried again in the next session, a bounded number of times. */
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * What an IMAP session asks after login: originals to append to the mailbox where the substitute was seen.
 * An offer that was taken is not given to another session until it is settled or its lease has run out.
 */
export interface PendingOffers {
  /** Takes up to `limit` offers of this user, oldest first. Never throws; an unreadable list is empty. */
  take(user: string, limit: number): readonly Offer[];
  /** The original. Rejects with `QUARANTINE_FAILED`. */
  read(offer: Offer): Promise<Uint8Array>;
  /** Never throws. */
  settle(offer: Offer, outcome: OfferOutcome): void;
}

/** Nothing is offered. */
export const NO_OFFERS: PendingOffers = {
  take: () => [],
  read: () => Promise.reject(new Error('nothing was offered')),
  settle: () => undefined,
};
