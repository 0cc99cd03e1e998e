import type { CloseReason, Note } from './relay.ts';

/** What comes next in the conversation that logs a client in at its server. */
export type DialogueStep =
  | { readonly kind: 'wait' }
  /** As if the client said it. */
  | { readonly kind: 'say'; readonly bytes: Uint8Array }
  /** The server does not let this client in, and that is what the client is told. */
  | { readonly kind: 'refused'; readonly answer: string }
  /** The server cannot do what the gateway promised in its greeting. */
  | { readonly kind: 'unsuitable'; readonly why: string };

/** Repeats a login before the server that was chosen. One for each try; holds the password while it lasts. */
export interface LoginDialogue {
  /** What the server says, as a client would read it; its greeting comes first. Not called after the login is accepted. */
  hear(text: string): DialogueStep;
}

/** A client that wants to log in. */
export interface LoginRequest {
  /** Decides which server it is; never empty. */
  readonly user: string;
  dialogue(): LoginDialogue;
}

/** What a desk wants done, in order. Nothing follows `startTls`, `login` and `close` but what the answer to them is. */
export type DeskEvent =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'note'; readonly note: Note }
  | { readonly kind: 'startTls' }
  | { readonly kind: 'login'; readonly request: LoginRequest }
  | { readonly kind: 'close'; readonly reason: CloseReason };

/** Why a login did not come about. `unknown`: no server takes this name. */
export type LoginFailure =
  | { readonly kind: 'refused'; readonly answer: string }
  | { readonly kind: 'unknown' | 'unavailable' };

/**
 * Speaks with a client from the greeting to the login, in the place of a server that is not known before it. A
 * synchronous state machine without I/O. What comes after the login is not read here: every byte has one reader.
 */
export interface LoginDesk {
  /** What the client hears first. */
  readonly greeting: string;
  hear(bytes: Uint8Array): DeskEvent[];
  /** The handshake asked for by `startTls` is done. */
  secured(): void;
  /** The login asked for by `login` failed: says so, and goes on with what the client sent behind it. */
  failed(failure: LoginFailure): DeskEvent[];
  /** What the client sent behind the login, not read by anybody. */
  takeRest(): Uint8Array;
  /** The last words when the gateway ends the conversation. */
  farewell(why: 'shutdown' | 'timeout'): string;
}

/** What a desk needs to know of its connection. */
export interface DeskSettings {
  /** Is the client in TLS already? */
  readonly clientSecure: boolean;
  /** Offer STARTTLS or STLS; `required` also hides login until then. */
  readonly clientStartTls: 'off' | 'offered' | 'required';
}

/** Tries of one connection; servers drop a client after as many, and each of ours is a connection to one. */
export const MAX_LOGIN_TRIES = 3;
/** Of a user name or password. Dovecot takes no longer ones, and RFC 4616 allows 255 characters. */
export const MAX_CREDENTIAL_BYTES = 1_024;
