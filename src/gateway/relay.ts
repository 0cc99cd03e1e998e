import type { Located, ScanSubject } from '../scan/scanner.ts';
import type { Action } from './policy/action.ts';

/** A spooled byte string of one session; never reused in that session. */
export type MessageId = number;

export type Side = 'client' | 'upstream';

/** Why a relay ends its session; a metric label, so a closed set. */
export type CloseReason =
  | 'logout' // the protocol's own end
  | 'client-protocol-error'
  | 'upstream-protocol-error'
  | 'starttls-injection' // bytes before a TLS handshake
  | 'limit-exceeded'
  | 'deferred' // the answer has to wait; the client is told to come back
  | 'keepalive-exhausted' // a scan outlasted every byte that may be trickled
  | 'upstream-unavailable'
  | 'upstream-insecure' // TLS was required and not offered, or PREAUTH in clear text
  | 'shutdown';

/** What identifies a message to the person and to the deferral counter. Never content. */
export interface MessageContext {
  /** Stable for this message on this server, e.g. `INBOX;uidvalidity=1;uid=7` or a UIDL. Empty when unknown. */
  readonly identity: string;
  readonly mailbox: string;
  /** IMAP UID or POP3 UIDL, as text; empty when unknown. */
  readonly uid: string;
}

/** Rewrites released bytes for the wire (POP3 dot-stuffing). Stateful across the chunks of one release. */
export interface ContentEncoder {
  encode(chunk: Uint8Array): Uint8Array;
}

/** Something that happened, for metrics and logs. Closed sets only where it becomes a label. */
export type Note =
  | { readonly type: 'command'; readonly name: string }
  | { readonly type: 'user'; readonly user: string }
  /** What the program says it is (IMAP ID). Unchecked words of the client, bounded by the relay. */
  | { readonly type: 'application'; readonly name: string; readonly version: string }
  | { readonly type: 'refused'; readonly what: string }
  | { readonly type: 'bad-input'; readonly side: Side; readonly what: string };

export type Effect =
  | { readonly kind: 'send'; readonly to: Side; readonly bytes: Uint8Array }
  /** A new spool entry; `sizeHint` is the announced size in bytes. */
  | { readonly kind: 'open'; readonly message: MessageId; readonly sizeHint: number }
  | { readonly kind: 'spool'; readonly message: MessageId; readonly bytes: Uint8Array }
  /** The entry is complete: judge it. Answered by `decided`. */
  | {
      readonly kind: 'scan';
      readonly message: MessageId;
      readonly subject: ScanSubject;
      readonly lane: 'interactive' | 'bulk';
      readonly context: MessageContext;
      /** What a client uploads: it keeps its copy, so a refused one is neither quarantined nor overlaid. */
      readonly upload?: boolean;
    }
  /** Find one complete entry inside another. Answered by `located`. */
  | { readonly kind: 'locate'; readonly message: MessageId; readonly needle: MessageId }
  /**
   * Send bytes `[start, end)` of an entry to the client (`to: 'upstream'`: an upload), overlaid when it was
   * neutralised; then `tail`, in the same write as the last content byte (a split POP3 terminator hangs
   * real clients). `blank`: every byte but CR and LF becomes `#`. `alsoAt`: other offsets where the same
   * bytes stand, so that it is not known which of them was meant; when the entry has an overlay that touches
   * any of the places, the release is blank (`uncertain`: there are more places than are listed).
   */
  | {
      readonly kind: 'release';
      readonly to?: Side;
      /** Only with `to: 'upstream'`: an upload that is not scanned by configuration (`scanUploads`). */
      readonly unjudged?: boolean;
      readonly alsoAt?: readonly number[];
      readonly uncertain?: boolean;
      readonly message: MessageId;
      readonly start: number;
      readonly end: number;
      readonly blank?: boolean;
      readonly encoder?: ContentEncoder;
      readonly tail?: Uint8Array;
    }
  /** The entry is not needed any more (after what was queued before it). */
  | { readonly kind: 'discard'; readonly message: MessageId }
  /** Start a TLS handshake on that side once everything before is written. Answered by `secured`. */
  | { readonly kind: 'startTls'; readonly side: Side }
  /** End the session once everything before is written. */
  | { readonly kind: 'close'; readonly reason: CloseReason }
  | { readonly kind: 'note'; readonly note: Note };

/**
 * One protocol as a synchronous state machine without I/O: bytes in, effects out. Bytes passed in are only
 * valid during the call when they are not part of an effect; an effect may hold a view of them, and the
 * session copies what it keeps. Effects are executed strictly in order. After a `close` effect the relay
 * is never called again.
 */
export interface Relay {
  fromClient(bytes: Uint8Array): Effect[];
  fromUpstream(bytes: Uint8Array): Effect[];
  /** The answer to `scan`. For `neutralise` the original is in the quarantine and the overlay is in place. */
  decided(message: MessageId, action: Action): Effect[];
  /** The answer to `locate`. */
  located(message: MessageId, needle: MessageId, found: Located): Effect[];
  /** The handshake asked for by `startTls` is done. */
  secured(side: Side): Effect[];
  /** The peer closed its side in an orderly way. */
  ended(side: Side): Effect[];
  /**
   * The server could not be reached (before any upstream byte), or `deferred`: there is no room for what it sends.
   * Tells the client in its protocol, when that is possible now, and ends the session.
   */
  unavailable(reason?: 'upstream-unavailable' | 'deferred'): Effect[];
  /** Called every keep-alive interval while `isHolding`; sends one byte of the genuine response. */
  tick(): Effect[];
  /** A client waits for a verdict. */
  readonly isHolding: boolean;
  /** Enough commands are outstanding: the session stops reading the client until this is false again. */
  readonly isSaturated: boolean;
  /** Ask to stop: says goodbye at once when idle, otherwise at the next command boundary. */
  drain(): Effect[];
  /** Memory is short: lets go of what is kept only for speed. */
  shed?(): Effect[];
  /**
   * Put a released original into a mailbox of the user, at a quiet moment; only where the protocol can. `settle` is
   * told whether the server took it; never called when the session ends first.
   */
  offer?(mailbox: string, content: Uint8Array, settle: (taken: boolean) => void): Effect[];
  /** Set keywords on a message of the selected mailbox, at a quiet moment; only where the protocol can. */
  mark?(request: MarkRequest): Effect[];
}

/** Keywords for one message of the mailbox that is selected. */
export interface MarkRequest {
  /** As in `MessageContext`. */
  readonly identity: string;
  readonly uid: number;
  readonly keywords: readonly string[];
  /** `unsupported`: this mailbox keeps no such keywords. Not called when the mailbox or the session is left first. */
  readonly settle: (outcome: 'set' | 'refused' | 'unsupported') => void;
}

/** What a relay needs to know of the connection it speaks for. */
export interface RelaySettings {
  /** Is the client side already in TLS? */
  readonly clientSecure: boolean;
  /** Offer STARTTLS or STLS to the client; `required` also hides login until then. */
  readonly clientStartTls: 'off' | 'offered' | 'required';
  readonly upstreamSecure: boolean;
  /**
   * STARTTLS towards the server. `required`: never continue without it. `if-needed`: only when the server
   * refuses login in clear text (loopback servers).
   */
  readonly upstreamStartTls: 'off' | 'required' | 'if-needed';
  /** May a server greet with PREAUTH over implicit TLS? */
  readonly allowPreauth: boolean;
  /** Largest message or literal in bytes that is accepted from the server. */
  readonly maxLiteralBytes: number;
  /** Headers of substitutes are edited, so that one has to come from the whole message (POP3 TOP). */
  readonly editsHeaders?: boolean;
  /** Scan what clients upload (APPEND)? */
  readonly scanUploads: boolean;
  /** Tell the server this address of the client, when it offers a way to (IMAP ID, POP3 XCLIENT). */
  readonly forwardedClient?: ForwardedClient | undefined;
}

/** Whom we speak for, told to a server that trusts us. */
export interface ForwardedClient {
  readonly address: string;
  readonly port: number;
}
