import { readFileSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { Secret } from '../base/secret.ts';
import { PeerReleases } from './peer-releases.ts';
import type { ReleaseExchange } from './release-exchange.ts';

type Peer = Config['quarantine']['peers'][number];

/** Looks at nobody yet. Throws `CONFIG_INVALID` when a token or a certificate cannot be read. */
export function openPeerReleases(
  { peers, peerPollMs: everyMs }: Pick<Config['quarantine'], 'peers' | 'peerPollMs'>,
  book: ReleaseExchange,
  clock: Clock,
  log: Logger,
): PeerReleases {
  const settings = peers.map((peer) => ({ ...peer, token: tokenOf(peer) }));
  return new PeerReleases({ peers: settings, everyMs, book, clock, log });
}

function tokenOf({ name, token, tokenFile }: Peer): Secret<string> {
  const key = `quarantine.peers, ${name}: token`;
  if ((token === undefined) === (tokenFile === undefined)) {
    throw new GatewayError('CONFIG_INVALID', `${key} and tokenFile: set one of them`);
  }
  if (tokenFile === undefined) return new Secret(token ?? '');
  try {
    return new Secret(readFileSync(tokenFile, 'utf8').trim());
  } catch (cause) {
    const message = `${key}File: ${JSON.stringify(tokenFile)} cannot be read. Correct the path or the permissions`;
    throw new GatewayError('CONFIG_INVALID', message, { cause });
  }
}
