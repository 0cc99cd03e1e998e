/** A server that keeps bytes under names for several gateways. */
export interface SharedStore {
  /** Resolves to undefined when there is nothing. Rejects when the server fails. */
  get(key: string): Promise<Buffer | undefined>;
  /** Kept for `maxAgeMs` at most. Rejects when the server fails. */
  set(key: string, value: Buffer, maxAgeMs: number): Promise<void>;
  /** Ends at once; what is under way rejects. */
  close(): void;
}

/** Resolves to a store that answered. Rejects when it cannot be reached, or not in the time of `signal`. */
export type OpenStore = (signal: AbortSignal) => Promise<SharedStore>;
