import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';
import type { Clock } from '../base/clock.ts';
import type { Secret } from '../base/secret.ts';
import type { AlertBatch } from './alert.ts';
import { type Channel, DeliveryFailed } from './channel.ts';
import { WEBHOOK_BODIES } from './webhook-bodies.ts';

/** A receiver that takes longer has a queue of its own to learn about. */
const TIMEOUT_MS = 10_000;
/** Nothing in an answer is read; this much is taken so that the connection can be used again. */
const MAX_ANSWER_BYTES = 16_384;
/** Of the statuses below 500 only these say "later". */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

export interface WebhookSettings {
  readonly name: string;
  readonly url: string;
  readonly format: keyof typeof WEBHOOK_BODIES;
  readonly secret: Secret<string> | undefined;
  readonly clock: Clock;
}

/**
 * Posts alerts. With a secret a request has `X-Postern-Timestamp` (seconds since 1970) and `X-Postern-Signature`:
 * `v1=` and the hex HMAC-SHA256 of `timestamp.body`, so that a receiver can refuse forged and replayed ones.
 */
export class WebhookChannel implements Channel {
  readonly #settings: WebhookSettings;
  readonly #agent = new Agent({
    connect: { timeout: TIMEOUT_MS },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connections: 1,
  });

  constructor(settings: WebhookSettings) {
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.name;
  }

  async send(batch: AlertBatch): Promise<void> {
    const status = await this.#post(batch);
    if (status >= 200 && status < 300) return;
    throw new DeliveryFailed(`the receiver answered ${status}`, status >= 500 || LATER.has(status));
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #post(batch: AlertBatch): Promise<number> {
    const { url, format } = this.#settings;
    const body = JSON.stringify(WEBHOOK_BODIES[format](batch));
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: this.#headers(batch.id, body),
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body.dump({ limit: MAX_ANSWER_BYTES });
      return response.statusCode;
    } catch (error) {
      // The address may hold a token in its path, so only the code is told.
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer';
      throw new DeliveryFailed(`the receiver cannot be reached (${code})`, true);
    }
  }

  #headers(id: string, body: string): Record<string, string> {
    const { secret, clock } = this.#settings;
    const common = { 'content-type': 'application/json', 'user-agent': 'postern', 'x-postern-delivery': id };
    if (secret === undefined) return common;
    const timestamp = String(Math.floor(clock.now() / 1_000));
    const signature = createHmac('sha256', secret.reveal()).update(`${timestamp}.${body}`).digest('hex');
    return { ...common, 'x-postern-timestamp': timestamp, 'x-postern-signature': `v1=${signature}` };
  }
}
