import { mkdir, open, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../base/errors.ts';
import { MAX_RULE_FILE_BYTES } from './rule-loader.ts';
import { Downloader, FETCH_TIMEOUT_MS } from './source-download.ts';
import {
  digestOf,
  MAX_MANIFEST_BYTES,
  parseManifest,
  requireDigest,
  requireSignature,
  type SourceManifest,
} from './source-manifest.ts';

export interface RuleSourceOptions {
  readonly name: string;
  readonly url: string;
  /** Exactly one of the two says whom to trust. */
  readonly publicKey?: string | undefined;
  readonly sha256?: string | undefined;
  readonly proxy?: string | undefined;
  readonly ca?: string | undefined;
  /** Folder of all sources; this one has a folder of its name in it. */
  readonly folder: string;
}

const MAX_SIGNATURE_BYTES = 1_024;
const SINGLE_FILE = /\.yara?$/i;

const stateSchema = z.object({
  sha256: z.string(),
  serial: z.int(),
  etag: z.string().optional(),
  /** Address and trust that it was fetched with: under others it says nothing. */
  origin: z.string(),
});
type State = z.output<typeof stateSchema>;

async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await using handle = await open(path, 'wx', 0o600);
  await handle.writeFile(bytes);
  await handle.sync();
}

/**
 * Rules from the network. What was fetched and proved stands in a folder of its own below a link that is swapped
 * in one step, so that a set is there whole or not at all; what stood there before stays until then.
 */
export class RuleSource {
  readonly name: string;
  readonly #options: RuleSourceOptions;
  readonly #home: string;
  readonly #downloader: Downloader;

  /** Throws when the file of the authorities cannot be read. */
  constructor(options: RuleSourceOptions) {
    this.name = options.name;
    this.#options = options;
    this.#home = join(options.folder, options.name);
    this.#downloader = new Downloader(options);
  }

  /** The folder with the rules, or undefined while nothing was fetched. */
  get staged(): string | undefined {
    const current = join(this.#home, 'current');
    return existsSync(current) ? current : undefined;
  }

  /**
   * Looks at the source and stages what is new. Resolves with whether something is. Rejects with `RULES_INVALID`
   * when it cannot be had or is not to be trusted; then what was staged stays.
   */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
    const url = new URL(this.#options.url);
    const state = await this.#state();
    const etag = state?.etag;
    const isSingle = SINGLE_FILE.test(url.pathname);
    const maxBytes = isSingle ? MAX_RULE_FILE_BYTES : MAX_MANIFEST_BYTES;
    const answer = await this.#downloader.fetch(url, maxBytes, { signal: limit, etag });
    if (answer.kind === 'unchanged') {
      return false;
    }
    await this.#requireTrust(url, answer.body, limit);
    const sha256 = digestOf(answer.body);
    if (sha256 === state?.sha256) {
      return false;
    }
    const manifest = isSingle ? undefined : parseManifest(answer.body);
    const serial = manifest?.serial ?? 0;
    if (state !== undefined && serial < state.serial) {
      throw new GatewayError('RULES_INVALID', `${url.href}: is older than what was fetched before`);
    }
    const files =
      manifest === undefined
        ? new Map([[basename(url.pathname), answer.body]])
        : await this.#download(url, manifest, limit);
    await this.#stage(files, { sha256, serial, etag: answer.etag, origin: this.#origin });
    return true;
  }

  get #origin(): string {
    const { url, publicKey, sha256 } = this.#options;
    return [url, publicKey, sha256].join(' ');
  }

  async close(): Promise<void> {
    await this.#downloader.close();
  }

  async #requireTrust(url: URL, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const { publicKey, sha256 } = this.#options;
    if (sha256 !== undefined) {
      requireDigest(body, sha256, url.pathname);
    } else if (publicKey !== undefined) {
      const place = new URL(url);
      place.pathname += '.sig';
      const signature = await this.#downloader.fetch(place, MAX_SIGNATURE_BYTES, { signal });
      const bytes = signature.kind === 'fetched' ? signature.body : new Uint8Array();
      requireSignature(body, bytes, publicKey);
    } else {
      throw new GatewayError('RULES_INVALID', `${url.href}: nobody vouches for these rules`);
    }
  }

  async #download(
    url: URL,
    manifest: SourceManifest,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    const files = new Map<string, Uint8Array>();
    for (const { path, sha256, bytes } of manifest.files) {
      const answer = await this.#downloader.fetch(new URL(path, url), bytes, { signal });
      const body = answer.kind === 'fetched' ? answer.body : new Uint8Array();
      requireDigest(body, sha256, path);
      files.set(path, body);
    }
    return files;
  }

  /** Folders are named by content and never changed; the link decides which one counts. */
  async #stage(files: ReadonlyMap<string, Uint8Array>, state: State): Promise<void> {
    const before = await readlink(join(this.#home, 'current')).catch(() => undefined);
    const folder = join(this.#home, state.sha256.slice(0, 16));
    await rm(folder, { recursive: true, force: true });
    for (const [path, bytes] of files) {
      await writeDurably(join(folder, this.name, path), bytes);
    }
    await writeDurably(join(folder, 'state.json'), JSON.stringify(state));
    const next = join(this.#home, 'next');
    await rm(next, { force: true });
    await symlink(basename(folder), next);
    await rename(next, join(this.#home, 'current'));
    if (before !== undefined && basename(before) !== basename(folder)) {
      await rm(join(this.#home, basename(before)), { recursive: true, force: true });
    }
  }

  /** What is staged; undefined when nothing is, or nothing that can be relied on. */
  async #state(): Promise<State | undefined> {
    try {
      const text = await readFile(join(this.#home, 'current', 'state.json'), 'utf8');
      const state = stateSchema.parse(JSON.parse(text));
      return state.origin === this.#origin ? state : undefined;
    } catch {
      return undefined;
    }
  }
}
