import fs from 'node:fs';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocketOptions,
} from 'node:tls';
import type { Config, UpstreamConfig } from '../../base/config/schema.ts';
import { GatewayError } from '../../base/errors.ts';
import type { KeyPair } from './bootstrap-certificate.ts';

/** Names this service in the session cache of OpenSSL; resumption with tickets needs one. */
const SESSION_ID_CONTEXT = 'postern';

/**
 * The server side of one certificate. No ALPN protocols are set: a client that offers only others would be
 * refused, and mail clients commonly offer none.
 */
export function serverContext(
  pair: KeyPair,
  minVersion: Config['tls']['minVersion'],
  ticketKeys: Buffer,
): SecureContext {
  return createSecureContext({
    ...pair,
    minVersion,
    ticketKeys,
    honorCipherOrder: true,
    sessionIdContext: SESSION_ID_CONTEXT,
  });
}

/** For the handshake with a client; a certificate may have to be made first. */
export type ClientTls = () => TLSSocketOptions | Promise<TLSSocketOptions>;

/** One connection to a server, as far as its certificate is concerned. */
export interface UpstreamTls {
  /** The name the client asked for; default: the configured one. */
  readonly serverName?: string | undefined;
  /**
   * `verify`: as configured. `chain-only`: the client compares the name, because it sees the same names.
   * `judge-later`: nothing is refused here; whoever asks for it judges the certificate before it is used.
   */
  readonly trust: 'verify' | 'chain-only' | 'judge-later';
}

/** How the server is verified; the context is made once, because reading the authorities each time is dear. */
export function upstreamTlsOptions(
  upstream: UpstreamConfig,
  minVersion: Config['tls']['minVersion'] = 'TLSv1.2',
): (request: UpstreamTls) => ConnectionOptions {
  const { verify, ca, serverName } = upstream.tls;
  const authorities = ca === undefined ? {} : { ca: readAuthorities(ca) };
  const secureContext = createSecureContext({ ...authorities, minVersion });
  return (request) => {
    const name = request.serverName ?? serverName ?? upstream.host ?? '';
    return {
      secureContext,
      rejectUnauthorized: verify && request.trust !== 'judge-later',
      checkServerIdentity: (_host, certificate) =>
        request.trust === 'verify' ? checkServerIdentity(name, certificate) : undefined,
      // RFC 6066 section 3: an address is not a server name.
      ...(isIP(name) === 0 && name !== '' ? { servername: name } : {}),
    };
  };
}

function readAuthorities(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_INVALID', `cannot read the authorities in ${file}`, { cause });
  }
}
