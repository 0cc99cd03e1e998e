import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import type { SecureContext, TLSSocketOptions } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import type { Config } from '../../base/config/schema.ts';
import { GatewayError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Authority } from './authority.ts';
import { bootstrapPair, type KeyPair } from './bootstrap-certificate.ts';
import { LeafStore } from './leaf-store.ts';
import type { Mint } from './mint-thread.ts';
import { serverContext } from './tls-options.ts';

/** How often files are looked at; certbot and cert-manager renew days ahead. */
const CHECK_MS = 30_000;
/** OpenSSL: 16 bytes name, 16 HMAC, 16 AES. */
const TICKET_KEYS_BYTES = 48;

interface Served {
  /** Names of the certificate, lower case; `*.` matches one label. */
  readonly names: readonly string[];
  readonly context: SecureContext;
  /** Changes when one of the files does. */
  readonly stamp: string;
  readonly label: string;
  readonly expiresAt: number;
}

export interface CertificateStoreParts {
  readonly tls: Config['tls'];
  /** Names for the bootstrap certificate. */
  readonly names: readonly string[];
  /** Signs a certificate for a name that none of the configured ones has. */
  readonly authority?: Authority | undefined;
  /** Needed with an authority. */
  readonly mint: Mint;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** The certificates that clients see: chosen by SNI, renewed without a restart; the good one stays. */
export class CertificateStore {
  readonly #parts: CertificateStoreParts;
  readonly #ticketKeys = randomBytes(TICKET_KEYS_BYTES);
  #served: Served[] = [];
  readonly #leaves: LeafStore | undefined;
  #cancelCheck: (() => void) | undefined;

  constructor(parts: CertificateStoreParts) {
    this.#parts = parts;
    const { authority, tls, mint, metrics } = parts;
    const contextOf = (pair: KeyPair) => serverContext(pair, tls.minVersion, this.#ticketKeys);
    const onMint = () => metrics.leavesMinted.inc({ trust: 'trusted' });
    this.#leaves =
      authority === undefined ? undefined : new LeafStore({ authority, mint, contextOf, onMint });
  }

  /** Another root signs from now on. */
  replaceAuthority(authority: Authority): void {
    this.#leaves?.replaceAuthority(authority);
  }

  /** Is there a configured certificate for this name? */
  hasFor(name: string): boolean {
    return this.#parts.tls.certificates.length > 0 && this.#named(name.toLowerCase()) !== undefined;
  }

  /** Loads everything and begins to look for changes. Throws `CERTIFICATE_INVALID`. */
  start(): void {
    const { certificates } = this.#parts.tls;
    if (certificates.length === 0) this.#served = [this.#bootstrap()];
    else this.#served = certificates.map((files) => this.#load(files));
    this.#publish();
    this.#scheduleCheck();
  }

  stop(): void {
    this.#cancelCheck?.();
  }

  /** Reads changed files again. A broken pair is logged and the old one goes on. */
  reload(): void {
    this.#parts.tls.certificates.forEach((files, index) => {
      try {
        if (stampOf(files) === this.#served[index]?.stamp) return;
        this.#served[index] = this.#load(files);
        this.#parts.log.info({ certificate: files.cert }, 'certificate loaded');
      } catch (error) {
        this.#parts.log.error(
          { err: error, certificate: files.cert },
          'certificate kept: the new one is broken',
        );
      }
    });
    this.#publish();
  }

  /** For one handshake as a server. */
  serverOptions(): TLSSocketOptions {
    const [first] = this.#served;
    if (first === undefined) throw new GatewayError('CERTIFICATE_INVALID', 'no certificate is loaded');
    return {
      isServer: true,
      secureContext: first.context,
      SNICallback: (name, done) => {
        const chosen = this.#choose(name);
        if (chosen instanceof Promise) void answer(chosen, done);
        else done(null, chosen);
      },
    };
  }

  #choose(name: string): SecureContext | Promise<SecureContext> | undefined {
    const wanted = name.toLowerCase();
    const found = this.#named(wanted);
    return found?.context ?? this.#minted(wanted) ?? this.#served[0]?.context;
  }

  #named(name: string): Served | undefined {
    return this.#served.find((served) => served.names.some((own) => matches(own, name)));
  }

  /** The client compares the name, and trusts the authority because somebody told it to. */
  #minted(name: string): SecureContext | Promise<SecureContext> | undefined {
    if (!/^[a-z0-9_.-]{1,253}$/.test(name)) return undefined;
    return this.#leaves?.get(name, () => ({ names: [name] }));
  }

  #load(files: { readonly cert: string; readonly key: string }): Served {
    try {
      const stamp = stampOf(files);
      const pair = { cert: fs.readFileSync(files.cert, 'utf8'), key: fs.readFileSync(files.key, 'utf8') };
      return this.#serve(pair, stamp, files.cert);
    } catch (cause) {
      const message = `cannot use certificate ${files.cert} with key ${files.key}: ${reasonOf(cause)}`;
      throw new GatewayError('CERTIFICATE_INVALID', message, { cause });
    }
  }

  #bootstrap(): Served {
    const { tls, names, log } = this.#parts;
    const pair = bootstrapPair(tls.bootstrapPath, names);
    const served = this.#serve(pair, '', 'bootstrap');
    log.warn(
      { names, sha256: createHash('sha256').update(new X509Certificate(pair.cert).raw).digest('hex') },
      'NO CERTIFICATE CONFIGURED: clients get a self-signed bootstrap certificate. Set tls.certificates.',
    );
    return served;
  }

  #serve(pair: KeyPair, stamp: string, label: string): Served {
    const certificate = new X509Certificate(pair.cert);
    return {
      names: namesOf(certificate),
      context: serverContext(pair, this.#parts.tls.minVersion, this.#ticketKeys),
      stamp,
      label,
      expiresAt: certificate.validToDate.getTime(),
    };
  }

  #publish(): void {
    for (const { label, expiresAt } of this.#served) {
      this.#parts.metrics.certificateExpiry.set({ name: label }, expiresAt / 1000);
    }
  }

  #scheduleCheck(): void {
    if (this.#parts.tls.certificates.length === 0) return;
    this.#cancelCheck = this.#parts.clock.after(CHECK_MS, () => {
      this.reload();
      this.#scheduleCheck();
    });
  }
}

function stampOf(files: { readonly cert: string; readonly key: string }): string {
  return [files.cert, files.key]
    .map((file) => fs.statSync(file))
    .map(({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`)
    .join(' ');
}

function namesOf(certificate: X509Certificate): string[] {
  const alternatives = certificate.subjectAltName ?? '';
  const names = [...alternatives.matchAll(/DNS:([^\s,"]+)/g)].map((match) => match[1] ?? '');
  return names.map((name) => name.toLowerCase());
}

function matches(own: string, wanted: string): boolean {
  if (own === wanted) return true;
  return own.startsWith('*.') && wanted.slice(wanted.indexOf('.')) === own.slice(1) && wanted.includes('.');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}

/** What cannot be made is no certificate: the handshake fails. */
async function answer(
  context: Promise<SecureContext>,
  done: (error: Error | null, context?: SecureContext) => void,
): Promise<void> {
  const made = await context.catch((error: unknown) => error);
  if (made instanceof Error) done(made);
  else done(null, await context);
}
