import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { GatewayError } from '../base/errors.ts';

/** One look at a source, all its files together, milliseconds. */
export const FETCH_TIMEOUT_MS = 120_000;
/** Until an address answers, milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Between two pieces of an answer, milliseconds. */
const SILENCE_TIMEOUT_MS = 20_000;

export interface DownloadOptions {
  readonly proxy?: string | undefined;
  /** PEM file with the authorities to trust. */
  readonly ca?: string | undefined;
}

export type Download =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'fetched'; readonly body: Buffer; readonly etag: string | undefined };

function failed(url: URL, what: string, cause?: unknown): GatewayError {
  return new GatewayError('RULES_INVALID', `${url.origin}${url.pathname}: ${what}`, {
    cause,
    retryable: true,
  });
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (cause instanceof Error ? cause.message : String(cause));
}

/** Fetches from one source. Follows no redirects: the address that was configured is the one that is trusted. */
export class Downloader {
  readonly #dispatcher: Dispatcher;

  constructor({ proxy, ca }: DownloadOptions) {
    const tls = ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') };
    const times = { headersTimeout: SILENCE_TIMEOUT_MS, bodyTimeout: SILENCE_TIMEOUT_MS };
    const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS };
    this.#dispatcher =
      proxy === undefined
        ? new Agent({ ...times, connect })
        : new ProxyAgent({ ...times, uri: proxy, requestTls: connect, proxyTls: connect });
  }

  /** Rejects with `RULES_INVALID` for every answer but the content itself, or that it has not changed. */
  async fetch(
    url: URL,
    maxBytes: number,
    { signal, etag }: { readonly signal: AbortSignal; readonly etag?: string | undefined },
  ): Promise<Download> {
    try {
      const headers = etag === undefined ? {} : { 'if-none-match': etag };
      const {
        statusCode,
        headers: answer,
        body,
      } = await request(url, {
        dispatcher: this.#dispatcher,
        headers: { ...headers, 'accept-encoding': 'identity' },
        signal,
      });
      if (statusCode !== 200) {
        await body.dump({ limit: 4_096 });
        if (statusCode === 304 && etag !== undefined) {
          return { kind: 'unchanged' };
        }
        throw failed(url, `answers ${statusCode}`);
      }
      const content = await readAll(url, body, maxBytes);
      const tag = answer['etag'];
      return { kind: 'fetched', body: content, etag: typeof tag === 'string' ? tag : undefined };
    } catch (cause) {
      throw cause instanceof GatewayError
        ? cause
        : failed(url, `cannot be fetched (${reasonOf(cause)})`, cause);
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

async function readAll(url: URL, body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw failed(url, `is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
