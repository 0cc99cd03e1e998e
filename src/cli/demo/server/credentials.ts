import { timingSafeEqual, createHash } from 'node:crypto';
import type { Account } from './mailbox.ts';

/** The account that user name and password open. */
export function authenticate(
  accounts: ReadonlyMap<string, Account>,
  user: string,
  password: string,
): Account | undefined {
  const account = accounts.get(user);
  return account !== undefined && isSame(account.password, password) ? account : undefined;
}

/** SASL PLAIN (RFC 4616): `authorisation NUL user NUL password`, base64. Undefined when it is not that. */
export function decodePlain(
  base64: string,
): { readonly user: string; readonly password: string } | undefined {
  const fields = Buffer.from(base64, 'base64').toString('utf8').split('\0');
  const [authorisation = '', user = '', password = ''] = fields;
  const isForSelf = authorisation === '' || authorisation === user;
  return fields.length === 3 && user !== '' && isForSelf ? { user, password } : undefined;
}

function isSame(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
