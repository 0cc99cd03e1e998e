import type { Secret } from '../../base/secret.ts';
import { quote } from './wire/nodes.ts';

/** How a client proved who it is. Strings are latin1, so that every byte survives. */
export interface Credentials {
  readonly way: 'LOGIN' | 'AUTHENTICATE PLAIN' | 'AUTHENTICATE LOGIN';
  readonly user: string;
  readonly password: Secret<string>;
  /** On whose behalf (RFC 4616); empty: its own. */
  readonly identity: string;
}

/** `identity NUL user NUL password` (RFC 4616); undefined when it is not that. */
export function readPlain(
  response: string,
): { identity: string; user: string; password: string } | undefined {
  const [identity, user, password, ...rest] = Buffer.from(response, 'base64').toString('latin1').split('\0');
  return identity === undefined || user === undefined || password === undefined || rest.length > 0
    ? undefined
    : { identity, user, password };
}

export function base64(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64');
}

/** As an argument of a command: quoted, or as a literal that needs no waiting. */
export function argument(text: string): string {
  return quote(text) ?? `{${text.length}+}\r\n${text}`;
}
