import { Worker } from 'node:worker_threads';
import type { Logger } from '../../base/log.ts';
import type { Authority, LeafRequest } from './authority.ts';
import type { KeyPair } from './certificate-writer.ts';
import type { MintAnswer, MintTask } from './mint-worker.ts';

/** It has one key and short texts; more would be a fault. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 };

/** Makes certificates. Never rejects for what another way could still do. */
export interface Mint {
  /** Rejects with `RangeError` without a name. */
  mint(authority: Authority, request: LeafRequest): Promise<KeyPair>;
}

interface Waiting {
  readonly authority: Authority;
  readonly request: LeafRequest;
  readonly resolve: (pair: KeyPair) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One thread that signs for all authorities: a certificate takes 0.2 ms of it and a hundredth of that here. A thread
 * that fails is replaced with the next certificate; what it left behind is made on the spot.
 */
export class MintThread implements Mint {
  readonly #log: Logger;
  #worker: Worker | undefined;
  /** Those that the present thread knows. */
  #known = new Map<Authority, number>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Starts the thread ahead of the first certificate. */
  start(): void {
    this.#worker ??= this.#open();
  }

  async mint(authority: Authority, request: LeafRequest): Promise<KeyPair> {
    const worker = (this.#worker ??= this.#open());
    const id = this.#newId();
    return await new Promise<KeyPair>((resolve, reject) => {
      this.#waiting.set(id, { authority, request, resolve, reject });
      this.#send(worker, { kind: 'mint', id, authority: this.#introduce(worker, authority), request });
    });
  }

  /** Ends the thread; what is still asked for is made on the spot. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#lost();
    await worker?.terminate();
  }

  #newId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #introduce(worker: Worker, authority: Authority): number {
    const known = this.#known.get(authority);
    if (known !== undefined) return known;
    const number = this.#newId();
    this.#known.set(authority, number);
    this.#send(worker, { kind: 'authority', authority: number, ...authority.signer() });
    return number;
  }

  #send(worker: Worker, task: MintTask): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
    worker.postMessage(task);
  }

  #open(): Worker {
    const worker = new Worker(new URL('./mint-worker.ts', import.meta.url), { resourceLimits: LIMITS });
    worker.unref(); // nobody waits for it at the end
    worker.on('message', (answer: MintAnswer) => this.#answered(answer));
    worker.on('error', (error) => {
      this.#log.error({ err: error }, 'the thread that signs certificates failed');
      if (this.#worker === worker) this.#lost();
    });
    worker.on('exit', () => {
      if (this.#worker === worker) this.#lost();
    });
    return worker;
  }

  #answered({ id, pair }: MintAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting === undefined) return;
    if (pair === undefined) mintHere(waiting);
    else waiting.resolve(pair);
  }

  #lost(): void {
    this.#worker = undefined;
    this.#known = new Map();
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of left) mintHere(waiting);
  }
}

function mintHere({ authority, request, resolve, reject }: Waiting): void {
  try {
    resolve(authority.mint(request));
  } catch (error) {
    reject(error);
  }
}
