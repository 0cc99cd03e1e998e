import { plannedListeners } from '../base/config/listeners.ts';
import type { LoadedConfig } from '../base/config/origin.ts';
import { formatKey, type KeyPath } from '../base/config/problem.ts';
import { GatewayError } from '../base/errors.ts';

/* What to do when a port cannot be listened on, and where the configuration asks for it. */

const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Stop what listens there ("ss -ltnp" names it), or choose another port.',
  EACCES: 'Ports below 1024 need root or CAP_NET_BIND_SERVICE, as in deploy/systemd; or choose another port.',
  EADDRNOTAVAIL: 'This machine has no such address ("ip address" lists those it has).',
};

function codeOf({ cause }: GatewayError): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** The key that asks for the port; what names no address and port is the admin server. */
function keyOf({ config }: LoadedConfig, { address, port }: GatewayError['fields']): KeyPath {
  if (port === undefined) {
    return ['admin', 'port'];
  }
  const planned = plannedListeners(config).find((one) => one.address === address && one.port === port);
  return planned?.path ?? [];
}

/** The same error, with its place and its remedy when it is about a port. */
export function withListenAdvice(error: unknown, loaded: LoadedConfig): unknown {
  if (!(error instanceof GatewayError) || error.code !== 'LISTEN_FAILED' || error.cause === undefined) {
    return error;
  }
  const key = keyOf(loaded, error.fields);
  const { where } = loaded.originOf(key);
  const place = where === '' || key.length === 0 ? '' : `${where} ${formatKey(key)}: `;
  const remedy = REMEDIES[codeOf(error)];
  const message = `${place}${error.message}${remedy === undefined ? '' : `. ${remedy}`}`;
  return new GatewayError('LISTEN_FAILED', message, { cause: error.cause, fields: error.fields });
}
