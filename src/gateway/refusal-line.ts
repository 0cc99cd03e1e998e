import type { GatewayListener } from './listener.ts';

const LINES = {
  imap: '* BYE [UNAVAILABLE] Too many connections\r\n',
  pop3: '-ERR [SYS/TEMP] Too many connections\r\n',
} as const;

/**
 * What a client over a connection limit is told; behind implicit TLS nothing, a handshake is what it
 * would cost; nor where the protocol is not known yet.
 */
export function refusalLine({ protocol, tls }: GatewayListener): string {
  if (tls === 'implicit' || protocol === 'auto') return '';
  return protocol === 'imap' || protocol === 'imaps' ? LINES.imap : LINES.pop3;
}
