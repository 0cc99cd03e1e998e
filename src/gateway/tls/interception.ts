import { randomBytes, type X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Config } from '../../base/config/schema.ts';
import type { TlsFilterConfig } from '../../base/config/tls-filter-schema.ts';
import { GatewayError } from '../../base/errors.ts';
import type { Metrics } from '../../base/metrics.ts';
import { Authority, createRoot } from './authority.ts';
import { LeafStore } from './leaf-store.ts';
import type { Mint } from './mint-thread.ts';
import { RevokedList } from './revoked-list.ts';
import { type CertificateProblem, fingerprintsOf, namesOf, problemOf } from './server-certificate.ts';
import { serverContext } from './tls-options.ts';

const TICKET_KEYS_BYTES = 48;

export interface InterceptionParts {
  readonly authority: Authority;
  readonly mint: Mint;
  readonly tls: Config['tls'];
  readonly tlsFilter: TlsFilterConfig;
  readonly metrics: Metrics;
}

/** What is done with a connection, by the certificate of its server. */
export type CertificateJudgement =
  | { readonly action: 'open'; readonly isTrusted: boolean }
  | { readonly action: 'block' | 'tunnel'; readonly problem: CertificateProblem | 'listed' };

/** For a connection in clear text that became secure and may not be used. */
export function certificateError(problem: string): GatewayError {
  const message = `the certificate of the mail server cannot be used: ${problem}`;
  return new GatewayError('UPSTREAM_TLS_FAILED', message);
}

/** Judges certificates of servers, and makes those that clients see in their place. */
export class Interception {
  readonly #parts: InterceptionParts;
  readonly #trusted: LeafStore;
  readonly #untrusted: LeafStore;
  /** Node 24 gives the certificate of a connection to the first who asks only. */
  readonly #seen = new WeakMap<TLSSocket, X509Certificate>();
  readonly #revoked: RevokedList;
  readonly #known: ReadonlyMap<string, TlsFilterConfig['knownCertificates'][number]>;

  /** Throws `CERTIFICATE_INVALID` when the list of revoked certificates cannot be read. */
  constructor(parts: InterceptionParts) {
    this.#parts = parts;
    const ticketKeys = randomBytes(TICKET_KEYS_BYTES);
    const contextOf = (pair: { cert: string; key: string }): SecureContext =>
      serverContext(pair, parts.tls.minVersion, ticketKeys);
    const storeFor = (authority: Authority, trust: 'trusted' | 'untrusted'): LeafStore => {
      const onMint = () => parts.metrics.leavesMinted.inc({ trust });
      return new LeafStore({ authority, mint: parts.mint, contextOf, onMint });
    };
    this.#trusted = storeFor(parts.authority, 'trusted');
    // Nobody has this root, and its key is gone with the process: clients warn, as they would have.
    this.#untrusted = storeFor(new Authority(createRoot('Postern untrusted server')), 'untrusted');
    this.#revoked = new RevokedList(parts.tlsFilter.revoked);
    this.#known = new Map(
      parts.tlsFilter.knownCertificates.map((entry) => [
        entry.sha256.replaceAll(':', '').toLowerCase(),
        entry,
      ]),
    );
  }

  /** Another root signs from now on. */
  replaceAuthority(authority: Authority): void {
    this.#trusted.replaceAuthority(authority);
  }

  /** Reads the list of revoked certificates again. Throws `CERTIFICATE_INVALID` when the old one stays. */
  reloadRevoked(): void {
    this.#revoked.reload();
  }

  /** `upstream`: a TLS connection that was made without verification. `name`: asked for by the client, or empty. */
  judge(upstream: Socket, name: string): CertificateJudgement {
    const certificate = this.#certificateOf(upstream);
    if (certificate === undefined) return { action: 'block', problem: 'untrusted' };
    const prints = fingerprintsOf(certificate);
    const known = prints.map((print) => this.#known.get(print)).find((entry) => entry !== undefined);
    if (known?.access === 'block') return this.#counted('block', 'listed');
    if (known?.scan === 'ignore') return this.#counted('tunnel', 'listed');
    if (known?.access === 'allow') return { action: 'open', isTrusted: true };
    const isRevoked = prints.some((print) => this.#revoked.has(print));
    const problem = problemOf({ certificate, chainError: chainErrorOf(upstream), name, isRevoked });
    if (problem === undefined) return { action: 'open', isTrusted: true };
    const action = this.#parts.tlsFilter.problems[problem];
    if (action !== 'untrusted-leaf') return this.#counted(action, problem);
    this.#parts.metrics.certificateProblems.inc({ problem, action });
    return { action: 'open', isTrusted: false };
  }

  /**
   * For one handshake with the client: the names and the end of the server's own certificate. Undefined while
   * the server is spoken to in clear text.
   */
  async clientOptions(upstream: Socket, isTrusted: boolean): Promise<TLSSocketOptions | undefined> {
    const certificate = this.#certificateOf(upstream);
    if (certificate === undefined) return undefined;
    return { isServer: true, secureContext: await this.#contextFor(certificate, isTrusted) };
  }

  #certificateOf(upstream: Socket): X509Certificate | undefined {
    if (!(upstream instanceof TLSSocket)) return undefined;
    const certificate = this.#seen.get(upstream) ?? upstream.getPeerX509Certificate();
    if (certificate !== undefined) this.#seen.set(upstream, certificate);
    return certificate;
  }

  #contextFor(certificate: X509Certificate, isTrusted: boolean): SecureContext | Promise<SecureContext> {
    const store = isTrusted ? this.#trusted : this.#untrusted;
    return store.get(certificate.fingerprint256, () => ({
      names: leafNames(certificate),
      notAfter: isTrusted ? certificate.validToDate : undefined,
    }));
  }

  #counted(action: 'block' | 'tunnel', problem: CertificateProblem | 'listed'): CertificateJudgement {
    this.#parts.metrics.certificateProblems.inc({ problem, action });
    return { action, problem };
  }
}

/** A certificate that only has a common name is for nobody, as clients see it. */
function leafNames(certificate: X509Certificate): readonly string[] {
  const names = namesOf(certificate);
  return names.length === 0 ? ['server.invalid'] : names;
}

/** `Error` in the types, a code in fact. */
function chainErrorOf(upstream: Socket): string {
  if (!(upstream instanceof TLSSocket) || upstream.authorized) return '';
  const { authorizationError } = upstream;
  const code: unknown =
    authorizationError instanceof Error && 'code' in authorizationError
      ? authorizationError.code
      : authorizationError;
  return typeof code === 'string' && code !== '' ? code : 'UNVERIFIED';
}
