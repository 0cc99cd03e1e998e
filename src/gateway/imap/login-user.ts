import { type Node, textOf } from './wire/nodes.ts';

const MAX_USER = 256;

/** The login name of a LOGIN command. Nothing else of it is ever kept. */
export function userOfLogin(nodes: readonly Node[]): string {
  return textOf(nodes[0]).slice(0, MAX_USER);
}

/**
 * The login name in a SASL response where the mechanism carries it in the clear: PLAIN (RFC 4616), XOAUTH2 and
 * OAUTHBEARER (RFC 7628). Empty for the others; never the secret.
 */
export function userOfSasl(mechanism: string, response: string): string {
  const text = Buffer.from(response, 'base64').toString('latin1');
  switch (mechanism.toUpperCase()) {
    case 'PLAIN':
      return (text.split('\0')[1] ?? '').slice(0, MAX_USER);
    case 'XOAUTH2':
      return (/^user=([^\x01]*)\x01/.exec(text)?.[1] ?? '').slice(0, MAX_USER);
    case 'OAUTHBEARER':
      return (/^n,a=([^,]*),/.exec(text)?.[1] ?? '').slice(0, MAX_USER);
    case 'LOGIN':
      return text.slice(0, MAX_USER);
    case 'CRAM-MD5':
      return (/^(.*) [0-9a-f]{32}$/.exec(text)?.[1] ?? '').slice(0, MAX_USER);
    default:
      return '';
  }
}
