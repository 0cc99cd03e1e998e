import { addressKey } from '../../base/address-key.ts';
import type { Clock } from '../../base/clock.ts';
import type { AuditTrail } from '../../quarantine/audit-trail.ts';
import type { Secret } from '../../base/secret.ts';
import { ApiError } from '../api/api-error.ts';
import type { Peer } from '../api/route.ts';
import type { AccountStore, UserRecord } from './account-store.ts';
import { AttemptThrottle } from './attempt-throttle.ts';
import type { Principal } from './principal.ts';
import { farewellCookie, isSame, SessionCookies } from './session-cookie.ts';

/** Each password check takes 20 MB and 50 ms of a thread; more at a time is somebody who guesses. */
const MAX_CONCURRENT_CHECKS = 4;

export interface AuthenticatorParts {
  readonly accounts: AccountStore;
  readonly audit: AuditTrail;
  /** POSTERN_ADMIN_TOKEN; undefined: only accounts and made tokens. */
  readonly token: Secret<string> | undefined;
  readonly clock: Clock;
}

/** A principal, and for a browser session the token that its changes have to carry. */
export interface Identity {
  readonly principal: Principal;
  readonly csrf: string | null;
}

/** Who calls: by token or by session cookie. Guessing is slowed down. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #cookies: SessionCookies;
  readonly #throttle: AttemptThrottle;
  #checks = 0;

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
    this.#cookies = new SessionCookies(() => parts.accounts.cookieKey(), parts.clock);
    this.#throttle = new AttemptThrottle(parts.clock);
  }

  /** Whether POSTERN_ADMIN_TOKEN is set. */
  get takesEnvironmentToken(): boolean {
    return this.#parts.token !== undefined;
  }

  /** Undefined when the request says nothing of who calls. Throws when what it says does not hold. */
  identify(request: Request, peer: Peer): Identity | undefined {
    const authorization = request.headers.get('authorization');
    if (authorization !== null) {
      return { principal: this.#byToken(authorization, peer), csrf: null };
    }
    return this.#bySession(request.headers.get('cookie'));
  }

  /** Throws unless a request that changes something was made by a page of ours. */
  requireOwnPage(request: Request, identity: Identity): void {
    if (identity.csrf !== null && !isSame(request.headers.get('x-postern-csrf') ?? '', identity.csrf)) {
      throw new ApiError('forbidden', 'the header X-Postern-CSRF is missing or wrong');
    }
  }

  async login(
    name: string,
    password: string,
    peer: Peer,
  ): Promise<{ readonly identity: Identity; readonly cookie: string }> {
    const keys = [`user ${name}`, `address ${addressKey(peer.address)}`];
    this.#requirePatience(keys);
    if (this.#checks >= MAX_CONCURRENT_CHECKS) {
      throw new ApiError('too-many-attempts', 'too many logins at once', { headers: { 'retry-after': '1' } });
    }
    const user = await this.#check(name, password, keys);
    if (user === undefined) {
      this.#audit('login-failed', name, peer);
      throw new ApiError('unauthenticated', 'user name or password is wrong');
    }
    this.#audit('login', name, peer);
    const epoch = this.#parts.accounts.sessionEpoch(user.name)?.epoch ?? 0;
    const { cookie, csrf } = this.#cookies.issue(user.name, epoch, peer.isSecure);
    return { identity: { principal: ofUser(user), csrf }, cookie };
  }

  /** Ends every session of the user; resolves with a `Set-Cookie` field. */
  logout(principal: Principal, peer: Peer): string {
    if (principal.via === 'cookie') {
      this.#parts.accounts.endSessions(principal.name);
      this.#audit('logout', principal.name, peer);
    }
    return farewellCookie(peer.isSecure);
  }

  async #check(name: string, password: string, keys: readonly string[]): Promise<UserRecord | undefined> {
    this.#checks += 1;
    // Counted before the answer is known, so that attempts at the same time do not escape the count.
    this.#throttle.failed(keys);
    try {
      const user = await this.#parts.accounts.verifyPassword(name, password);
      if (user !== undefined) this.#throttle.succeeded(keys);
      return user;
    } finally {
      this.#checks -= 1;
    }
  }

  #requirePatience(keys: readonly string[]): void {
    const seconds = Math.ceil(this.#throttle.waitMs(keys) / 1_000);
    if (seconds > 0) {
      const headers = { 'retry-after': String(seconds) };
      throw new ApiError('too-many-attempts', `wait ${seconds} s before the next attempt`, { headers });
    }
  }

  #byToken(authorization: string, peer: Peer): Principal {
    const keys = [`token from ${addressKey(peer.address)}`];
    const token = /^Bearer +(?<token>[\x21-\x7e]{1,500})$/iu.exec(authorization)?.groups?.['token'];
    const principal = token === undefined ? undefined : this.#tokenOwner(token);
    if (principal !== undefined) {
      return principal;
    }
    this.#requirePatience(keys);
    this.#throttle.failed(keys);
    throw new ApiError('unauthenticated', 'the token is not known', { headers: CHALLENGE });
  }

  #tokenOwner(token: string): Principal | undefined {
    const own = this.#parts.token;
    if (own !== undefined && isSame(token, own.reveal())) {
      return { actor: 'token:environment', name: 'environment', role: 'administrator', via: 'token' };
    }
    return this.#parts.accounts.verifyToken(token);
  }

  #bySession(header: string | null): Identity | undefined {
    const session = this.#cookies.open(header);
    const account = session === undefined ? undefined : this.#parts.accounts.sessionEpoch(session.user);
    if (session === undefined || account === undefined || account.epoch !== session.epoch) {
      return undefined;
    }
    const { user: name, csrf } = session;
    return { principal: { ...ofUser({ name, role: account.role }) }, csrf };
  }

  #audit(action: 'login' | 'login-failed' | 'logout', name: string, peer: Peer): void {
    const object = name.slice(0, 64);
    this.#parts.audit.append({ actor: `user:${object}`, action, object, detail: `from ${peer.address}` });
  }
}

export const CHALLENGE = { 'www-authenticate': 'Bearer realm="postern"' };

function ofUser({ name, role }: Pick<UserRecord, 'name' | 'role'>): Principal {
  return { actor: `user:${name}`, name, role, via: 'cookie' };
}
