import type { AlertBatch } from './alert.ts';

/** One receiver of alerts. */
export interface Channel {
  readonly name: string;
  /** Rejects with `DeliveryFailed`. */
  send(batch: AlertBatch): Promise<void>;
  close(): Promise<void>;
}

/** An alert did not arrive. The message holds no secrets. */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed';
  /** May a later attempt succeed without anybody changing anything? */
  readonly retryable: boolean;

  constructor(message: string, retryable: boolean) {
    super(message);
    this.retryable = retryable;
  }
}
