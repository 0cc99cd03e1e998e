import fs from 'node:fs';
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
} from 'node:tls';
import type { Config } from '../../base/config/schema.ts';
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

/** How the server is verified; made once, because reading the authorities for every connection is dear. */
export function upstreamTlsOptions(upstream: Config['upstream']): ConnectionOptions {
  const { verify, ca, serverName } = upstream.tls;
  const name = serverName ?? upstream.host;
  return {
    secureContext: createSecureContext(ca === undefined ? {} : { ca: readAuthorities(ca) }),
    rejectUnauthorized: verify,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    // RFC 6066 section 3: an address is not a server name.
    ...(isIP(name) === 0 ? { servername: name } : {}),
  };
}

function readAuthorities(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_INVALID', `cannot read the authorities in ${file}`, { cause });
  }
}
