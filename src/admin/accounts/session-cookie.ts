import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';

export const COOKIE_NAME = 'postern_session';
/** A working day; then the password is asked for again. */
const SESSION_MS = 12 * 3_600_000;
/** A cookie of ours has about 200 characters. */
const MAX_COOKIE_CHARACTERS = 1_000;

const claimsSchema = z.strictObject({
  user: z.string(),
  /** Of the account when it was made; see `AccountStore.sessionEpoch`. */
  epoch: z.int(),
  expires: z.int(),
  nonce: z.string(),
});
type Claims = z.output<typeof claimsSchema>;

export interface OpenedSession {
  readonly user: string;
  readonly epoch: number;
  /** What a page has to send with every change; a forged request cannot know it. */
  readonly csrf: string;
}

/** Session cookies that need no memory: signed claims, checked against the account. */
export class SessionCookies {
  readonly #key: () => Uint8Array;
  readonly #clock: Clock;

  constructor(key: () => Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** Value of the `Set-Cookie` field, and the token that goes with it. */
  issue(user: string, epoch: number, isSecure: boolean): { readonly cookie: string; readonly csrf: string } {
    const claims: Claims = {
      user,
      epoch,
      expires: this.#clock.now() + SESSION_MS,
      nonce: randomBytes(12).toString('base64url'),
    };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const value = `${payload}.${this.#sign('session', payload)}`;
    return { cookie: field(value, SESSION_MS / 1_000, isSecure), csrf: this.#sign('csrf', payload) };
  }

  /** What a `Cookie` field says, if it is ours and still holds. */
  open(header: string | null): OpenedSession | undefined {
    const value = cookieIn(header);
    if (value === '') return undefined;
    const [payload = '', signature = ''] = value.split('.', 2);
    if (value.length > MAX_COOKIE_CHARACTERS || !isSame(signature, this.#sign('session', payload))) {
      return undefined;
    }
    const claims = claimsSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    if (!claims.success || claims.data.expires <= this.#clock.now()) {
      return undefined;
    }
    return { user: claims.data.user, epoch: claims.data.epoch, csrf: this.#sign('csrf', payload) };
  }

  #sign(purpose: string, payload: string): string {
    return createHmac('sha256', this.#key()).update(`${purpose}\0${payload}`).digest('base64url');
  }
}

/** A `Set-Cookie` field that makes a browser forget the session. */
export function farewellCookie(isSecure: boolean): string {
  return field('', 0, isSecure);
}

function field(value: string, maxAgeS: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${COOKIE_NAME}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}

function cookieIn(header: string | null): string {
  const own = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${COOKIE_NAME}=`));
  return own?.slice(COOKIE_NAME.length + 1) ?? '';
}

/** In constant time; what differs in length differs. */
export function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
