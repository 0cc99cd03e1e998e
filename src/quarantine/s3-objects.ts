import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { GatewayError } from '../base/errors.ts';
import { DurableFiles, systemFiles } from './durable-files.ts';
import { OBJECT_ID, type ObjectStorage, type PendingObject } from './object-storage.ts';

export interface S3Options {
  readonly endpoint: string;
  readonly bucket: string;
  /** Beginning of every object name. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Folder for objects on their way; `tmp` in it is made. */
  readonly folder: string;
}

/** Longer than any upload of the largest message should take; a client waits meanwhile. */
const REQUEST_TIMEOUT_MS = 60_000;
const RETRIES = 2;
/** A list of a thousand names has about 300 KB. */
const MAX_LIST_CHARACTERS = 8 * 1024 * 1024;
const SUFFIX = '.sealed';
/** Written and removed to prove that it can be done. */
const PROBE = 'probe';

/**
 * Objects in an S3-compatible store. They are sealed before they get here, so the store sees no mail. An object is
 * written to a private file first, because a request has to say its length.
 */
export class S3Objects implements ObjectStorage {
  readonly #client: AwsClient;
  readonly #options: S3Options;
  readonly #durable: DurableFiles;

  constructor(options: S3Options) {
    const { accessKeyId, secretAccessKey, region, folder } = options;
    this.#options = options;
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: RETRIES });
    this.#durable = new DurableFiles(systemFiles, join(folder, 'tmp'));
  }

  async begin(): Promise<PendingObject> {
    const pending = await this.#durable.begin();
    return {
      write: (chunk) => pending.write(chunk),
      publish: async (id) => this.#put(`${id}${SUFFIX}`, await openAsBlob(pending.path)),
      discard: () => pending.discard(),
    };
  }

  async sizeOf(id: string): Promise<number | undefined> {
    const response = await this.#request('HEAD', `${id}${SUFFIX}`);
    return response && Number(response.headers.get('content-length') ?? 0);
  }

  async read(id: string): Promise<Buffer | undefined> {
    const response = await this.#request('GET', `${id}${SUFFIX}`);
    return response && Buffer.from(await response.arrayBuffer());
  }

  async readStart(id: string, bytes: number): Promise<Buffer | undefined> {
    const headers = { range: `bytes=0-${bytes - 1}` };
    const response = await this.#request('GET', `${id}${SUFFIX}`, { headers });
    return response && Buffer.from(await response.arrayBuffer()).subarray(0, bytes);
  }

  async remove(id: string): Promise<void> {
    await (await this.#request('DELETE', `${id}${SUFFIX}`))?.body?.cancel();
  }

  async *ids(): AsyncGenerator<string> {
    const { prefix } = this.#options;
    let token: string | undefined;
    do {
      const page = await this.#list(token);
      token = /<NextContinuationToken>(?<token>[^<]+)</u.exec(page)?.groups?.['token'];
      for (const [, key = ''] of page.matchAll(/<Key>([^<]+)<\/Key>/gu)) {
        const id = key.slice(prefix.length, -SUFFIX.length);
        if (key.startsWith(prefix) && key.endsWith(SUFFIX) && OBJECT_ID.test(id)) yield id;
      }
    } while (token !== undefined);
  }

  async prepare(): Promise<void> {
    await this.#put(PROBE, new Blob(['']));
  }

  async #list(token: string | undefined): Promise<string> {
    const query = new URLSearchParams({ 'list-type': '2', prefix: this.#options.prefix });
    if (token !== undefined) query.set('continuation-token', token);
    const response = await this.#request('GET', '', { query: `?${query.toString()}` });
    const text = (await response?.text()) ?? '';
    if (text.length > MAX_LIST_CHARACTERS) throw this.#failure('answers with an endless list');
    return text;
  }

  async #put(name: string, body: Blob): Promise<void> {
    const response = await this.#request('PUT', name, { body });
    if (response === undefined) throw this.#failure('has no such bucket');
    await response.body?.cancel();
  }

  /** Undefined for 404. Rejects with `QUARANTINE_FAILED` for everything else that is no success. */
  async #request(
    method: string,
    name: string,
    more: { readonly query?: string; readonly body?: Blob; readonly headers?: Record<string, string> } = {},
  ): Promise<Response | undefined> {
    const { endpoint, bucket, prefix } = this.#options;
    const path = name === '' ? '' : `/${prefix}${name}`;
    const url = `${endpoint.replace(/\/$/u, '')}/${bucket}${path}${more.query ?? ''}`;
    const { body, headers = {} } = more;
    let response: Response;
    try {
      const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      response = await this.#client.fetch(url, { method, headers, signal, ...(body && { body }) });
    } catch (cause) {
      throw this.#failure('cannot be reached', cause);
    }
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status === 404) return undefined;
    throw this.#failure(`answers ${method} with status ${response.status}`);
  }

  #failure(what: string, cause?: unknown): GatewayError {
    const message = `the object store of the quarantine ${what}. Check quarantine.s3 and the service`;
    return new GatewayError('QUARANTINE_FAILED', message, { cause, retryable: true });
  }
}
