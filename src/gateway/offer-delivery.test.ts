import assert from 'node:assert/strict';
import { it } from 'node:test';
import { silentLogger } from '../base/log.ts';
import type { Offer, OfferOutcome, PendingOffers } from '../quarantine/pending-offers.ts';
import { OfferDelivery } from './offer-delivery.ts';

const OFFER: Offer = { id: 1, releaseId: 'r1', sha256: 'a'.repeat(64), user: 'alice', mailbox: 'INBOX' };

function offersOf(read: () => Promise<Uint8Array>) {
  const settled: OfferOutcome[] = [];
  const taken: string[] = [];
  const offers: PendingOffers = {
    take: (user) => {
      taken.push(user);
      return [OFFER];
    },
    read,
    settle: (_offer, outcome) => void settled.push(outcome),
  };
  return { offers, settled, taken };
}

it('hands the original to the session of its user and settles what the server said', async () => {
  const { offers, settled } = offersOf(async () => Buffer.from('original'));
  const delivery = new OfferDelivery(offers, silentLogger);
  const appended: string[] = [];
  await delivery.deliver('alice', 'imaps', {
    offer: (mailbox, content, settle) => {
      appended.push(`${mailbox}: ${Buffer.from(content).toString()}`);
      settle(true);
    },
  });
  assert.deepEqual(appended, ['INBOX: original']);
  assert.deepEqual(settled, [{ kind: 'appended' }]);
});

it('settles as failed when the server refuses or the original cannot be read', async () => {
  const refusing = offersOf(async () => Buffer.from('original'));
  const refuse = { offer: (_m: string, _c: Uint8Array, settle: (taken: boolean) => void) => settle(false) };
  await new OfferDelivery(refusing.offers, silentLogger).deliver('alice', 'imap', refuse);
  const damaged = offersOf(() => Promise.reject(new Error('damaged')));
  await new OfferDelivery(damaged.offers, silentLogger).deliver('alice', 'imap', refuse);
  assert.deepEqual(
    [...refusing.settled, ...damaged.settled].map(({ kind }) => kind),
    ['failed', 'failed'],
  );
});

it('takes nothing for POP3, which cannot put a message into a mailbox', async () => {
  const { offers, taken } = offersOf(async () => Buffer.from('original'));
  await new OfferDelivery(offers, silentLogger).deliver('alice', 'pop3s', { offer: () => assert.fail() });
  assert.deepEqual(taken, []);
});
