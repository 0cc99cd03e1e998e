import type { ListenerConfig, UpstreamConfig } from '../base/config/schema.ts';

export type ListenerProtocol = ListenerConfig['protocol'];
/** What is spoken on one connection: known from the listener, or found out. */
export type MailProtocol = Exclude<ListenerProtocol, 'auto'>;

/** How the server is reached for one kind of listener. */
export interface UpstreamRoute {
  readonly port: number;
  readonly tls: 'implicit' | 'none';
  /** `unless-loopback`: required, but on loopback only if the server refuses login in clear text. */
  readonly startTls: 'off' | 'required' | 'unless-loopback';
}

const PLAIN = { imap: 'imap', imaps: 'imap', pop3: 'pop3', pop3s: 'pop3' } as const;
const SECURE = { imap: 'imaps', imaps: 'imaps', pop3: 'pop3s', pop3s: 'pop3s' } as const;

// oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
export function upstreamRoute(protocol: MailProtocol, upstream: UpstreamConfig): UpstreamRoute {
  const plainPort = upstream.ports[PLAIN[protocol]];
  const securePort = upstream.ports[SECURE[protocol]];
  switch (upstream.tls.mode) {
    case 'implicit':
      return { port: securePort, tls: 'implicit', startTls: 'off' };
    case 'starttls':
      return { port: plainPort, tls: 'none', startTls: 'required' };
    case 'off':
      return { port: plainPort, tls: 'none', startTls: 'off' };
    case 'auto':
      return protocol === 'imaps' || protocol === 'pop3s'
        ? { port: securePort, tls: 'implicit', startTls: 'off' }
        : { port: plainPort, tls: 'none', startTls: 'unless-loopback' };
  }
}

/** Where a client wanted to go by itself: the port is given, and TLS begins where it began for the client. */
export function portRoute(port: number, beginsWithTls: boolean, upstream: UpstreamConfig): UpstreamRoute {
  if (beginsWithTls) return { port, tls: 'implicit', startTls: 'off' };
  const { mode } = upstream.tls;
  return {
    port,
    tls: 'none',
    startTls: mode === 'off' ? 'off' : mode === 'auto' ? 'unless-loopback' : 'required',
  };
}

export function familyOf(protocol: MailProtocol): 'imap' | 'pop3' {
  return PLAIN[protocol];
}

/** RFC 5735 section 4 and RFC 4291 section 2.5.3, also IPv4-mapped. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
