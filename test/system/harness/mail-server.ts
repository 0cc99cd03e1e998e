import type { Certificate } from './certificate.ts';

/** The four doors of a mail server or of the gateway before it, on 127.0.0.1. */
export interface MailPorts {
  readonly imap: number;
  readonly imaps: number;
  readonly pop3: number;
  readonly pop3s: number;
}

/** A mail server or the gateway before it. */
export interface MailServer {
  readonly ports: MailPorts;
  readonly certificate: Certificate;
}

/** A mail server whose mailboxes a test fills itself, past the gateway. */
export interface FillableServer extends MailServer {
  deliverAll(user: string, messages: readonly { readonly bytes: Uint8Array }[]): Promise<void>;
  stop(): Promise<void>;
}

/** One way in. `port` answers on 127.0.0.1 with a certificate for `localhost`. */
export interface Endpoint {
  readonly port: number;
  readonly security: Security;
  readonly certificate: Certificate;
}

export const SECURITIES = ['clear', 'starttls', 'tls'] as const;
export type Security = (typeof SECURITIES)[number];

/** Everybody's password on the scratch servers. */
export const PASSWORD = 'secret-of-the-tests';

export function imapEndpoint({ ports, certificate }: MailServer, security: Security): Endpoint {
  return { port: security === 'tls' ? ports.imaps : ports.imap, security, certificate };
}

export function pop3Endpoint({ ports, certificate }: MailServer, security: Security): Endpoint {
  return { port: security === 'tls' ? ports.pop3s : ports.pop3, security, certificate };
}
