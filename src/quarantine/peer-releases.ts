import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Secret } from '../base/secret.ts';
import type { ReleaseExchange } from './release-exchange.ts';

export interface PeerSettings {
  /** For the log and the audit trail. */
  readonly name: string;
  /** Of its admin port. */
  readonly url: string;
  readonly token: Secret<string>;
  /** PEM file with the authorities to trust. */
  readonly ca?: string | undefined;
}

export interface PeerReleasesParts {
  readonly peers: readonly PeerSettings[];
  readonly everyMs: number;
  readonly book: ReleaseExchange;
  readonly clock: Clock;
  readonly log: Logger;
}

const TIMEOUT_MS = 10_000;
/** A page of releases with the longest reasons. */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;
const PAGE = 200;
/** Of one look; what is left comes with the next. */
const MAX_PAGES = 50;
/** Changes that were made in one moment, or while a clock was set back a little, are read once more. */
const OVERLAP_MS = 5_000;
/** Everything is read anew this often: whatever a clock did, it is made good. */
export const RESYNC_MS = 3_600_000;
/** Longest wait between two looks at a peer that does not answer. */
const MAX_WAIT_MS = 60_000;
/** A peer that restarts is away for less. */
const TOLD_AFTER_MS = 60_000;
const MAX_TEXT = 1_000;

const pageSchema = z.object({
  items: z
    .array(
      z.object({
        id: z.string().regex(/^[\w-]{1,64}$/u),
        sha256: z.string().regex(/^[0-9a-f]{64}$/u),
        user: z.string().max(MAX_TEXT),
        reason: z.string().max(MAX_TEXT),
        actor: z.string().max(MAX_TEXT),
        at: z.iso.datetime(),
        withdrawnAt: z.iso.datetime().nullable(),
        withdrawnBy: z.string().max(MAX_TEXT).nullable(),
        pendingOffers: z.int(),
        changedAt: z.int(),
      }),
    )
    .max(PAGE),
  next: z.string().max(200).nullable(),
});

/** Looks at other gateways for releases, each by itself; a peer that is away costs nothing but the news it has. */
export class PeerReleases {
  readonly #watches: readonly PeerWatch[];

  constructor({ peers, ...parts }: PeerReleasesParts) {
    this.#watches = peers.map((peer) => new PeerWatch(peer, parts));
  }

  start(): void {
    this.#watches.forEach((watch) => watch.start());
  }

  /** One sentence for each peer that has not answered for a while. */
  get problems(): readonly string[] {
    return this.#watches.flatMap(({ problem }) => problem ?? []);
  }

  async close(): Promise<void> {
    await Promise.all(this.#watches.map((watch) => watch.close()));
  }
}

class PeerWatch {
  readonly #peer: PeerSettings;
  readonly #parts: Omit<PeerReleasesParts, 'peers'>;
  readonly #agent: Agent;
  readonly #end = new AbortController();
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Newest change that was seen, by the clock of the peer. */
  #seen = 0;
  #syncedAt = -Infinity;
  #failures = 0;
  #failingSince: number | undefined;
  #why = '';

  constructor(peer: PeerSettings, parts: Omit<PeerReleasesParts, 'peers'>) {
    this.#peer = peer;
    this.#parts = parts;
    const tls = peer.ca === undefined ? {} : { ca: readFileSync(peer.ca, 'utf8') };
    const times = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
    this.#agent = new Agent({ ...times, connect: { ...tls, timeout: TIMEOUT_MS }, connections: 1 });
  }

  get problem(): string | undefined {
    const since = this.#failingSince;
    const isLong = since !== undefined && this.#parts.clock.monotonic() - since >= TOLD_AFTER_MS;
    return isLong ? `releases of the gateway ${this.#peer.name} are not known here: ${this.#why}` : undefined;
  }

  start(): void {
    this.#running = this.#look().finally(() => this.#wait());
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#cancel?.();
    await this.#running;
    await this.#agent.destroy();
  }

  #wait(): void {
    if (this.#end.signal.aborted) return;
    const { everyMs, clock } = this.#parts;
    const waitMs = Math.min(Math.max(everyMs, MAX_WAIT_MS), everyMs * 2 ** Math.min(this.#failures, 10));
    this.#cancel = clock.after(waitMs, () => this.start());
  }

  async #look(): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      await this.#sync();
      if (this.#failures > 0) log.info({ peer: this.#peer.name }, 'a peer answers again');
      this.#failures = 0;
      this.#failingSince = undefined;
    } catch (error) {
      if (this.#end.signal.aborted) return;
      this.#why = error instanceof Error ? error.message : String(error);
      if (this.#failures === 0)
        log.warn({ err: error, peer: this.#peer.name }, 'a peer cannot be asked for releases');
      this.#failures += 1;
      this.#failingSince ??= clock.monotonic();
    }
  }

  async #sync(): Promise<void> {
    const { book, clock, log } = this.#parts;
    const isFull = clock.monotonic() - this.#syncedAt >= RESYNC_MS;
    const since = isFull ? 0 : Math.max(0, this.#seen - OVERLAP_MS);
    let cursor: string | null = null;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { items, next } = await this.#page(since, cursor);
      const changes = await book.adopt(this.#peer.name, items);
      if (changes > 0) log.info({ peer: this.#peer.name, changes }, 'took over releases');
      this.#seen = items.reduce((newest, { changedAt }) => Math.max(newest, changedAt), this.#seen);
      cursor = next;
      if (cursor === null) break;
    }
    if (isFull) this.#syncedAt = clock.monotonic();
  }

  async #page(since: number, cursor: string | null): Promise<z.output<typeof pageSchema>> {
    const url = new URL('/api/v1/releases/changes', this.#peer.url);
    url.searchParams.set('since', String(since));
    url.searchParams.set('limit', String(PAGE));
    if (cursor !== null) url.searchParams.set('cursor', cursor);
    const { statusCode, body } = await request(url, {
      dispatcher: this.#agent,
      headers: { authorization: `Bearer ${this.#peer.token.reveal()}` },
      signal: this.#end.signal,
    });
    if (statusCode !== 200) {
      await body.dump({ limit: 4_096 });
      throw new Error(`it answers ${statusCode}`);
    }
    return pageSchema.parse(JSON.parse(await bounded(body)));
  }
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
