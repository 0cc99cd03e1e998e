import type { Logger } from '../base/log.ts';
import type { Offer, PendingOffers } from '../quarantine/pending-offers.ts';
import type { Session } from './session.ts';
import type { MailProtocol } from './upstream-route.ts';

/** Offers of one login: more come with the next, so that a session is not held up by a large release. */
const OFFERS_PER_SESSION = 5;

/**
 * Gives a user what was released for him as a new message, where the protocol can (IMAP): his client keeps the
 * substitute it has already downloaded, since a message never changes for its clients.
 */
export class OfferDelivery {
  readonly #offers: PendingOffers;
  readonly #log: Logger;

  constructor(offers: PendingOffers, log: Logger) {
    this.#offers = offers;
    this.#log = log;
  }

  /** Never rejects; what fails is offered again at another login. */
  async deliver(user: string, protocol: MailProtocol, session: Pick<Session, 'offer'>): Promise<void> {
    if (!protocol.startsWith('imap')) return;
    for (const offer of this.#offers.take(user, OFFERS_PER_SESSION)) await this.#deliverOne(offer, session);
  }

  async #deliverOne(offer: Offer, session: Pick<Session, 'offer'>): Promise<void> {
    try {
      const content = await this.#offers.read(offer);
      session.offer(offer.mailbox, content, (taken) => {
        this.#offers.settle(
          offer,
          taken ? { kind: 'appended' } : { kind: 'failed', reason: 'the server refused it' },
        );
      });
    } catch (error) {
      this.#log.error({ err: error, release: offer.releaseId }, 'a released original could not be offered');
      this.#offers.settle(offer, { kind: 'failed', reason: 'the original could not be read' });
    }
  }
}
