import type { Finding, UnscannableCause, Verdict } from './verdict.ts';

/**
 * The bytes of one message (or fragment) without a copy: shared memory, or an open unlinked file.
 * A file descriptor is valid in every thread of the process; readers use positional reads only.
 */
export type MessageBytes =
  | { readonly kind: 'memory'; readonly buffer: SharedArrayBuffer; readonly byteLength: number }
  | { readonly kind: 'file'; readonly fd: number; readonly byteLength: number };

/** `message` is an RFC 5322 message; `fragment` is a bare value (a header subset, an annotation) judged by itself. */
export type ScanSubject = 'message' | 'fragment';

export interface ScanRequest {
  /** Unique in the process; appears in logs and in the notice. */
  readonly id: string;
  readonly subject: ScanSubject;
  readonly message: MessageBytes;
  /** `interactive`: somebody waits for this one message. `bulk`: one of a sync. */
  readonly lane: 'interactive' | 'bulk';
  /** Fair-share key, normally the login name; empty before login. */
  readonly user: string;
}

/** How the bytes of a range are encoded, which decides how they are overwritten without a change of size. */
export type RangeEncoding = 'base64' | 'quoted-printable' | 'identity';

/** Encoded bytes `[start, end)` of the raw message that carry one guilty piece. */
export interface GuiltyRange {
  readonly start: number;
  readonly end: number;
  readonly encoding: RangeEncoding;
}

/**
 * What has to be overwritten when the message is neutralised. `body`: everything after the top header block
 * (no single leaf is guilty, or the message could not be read).
 */
export type Guilt =
  | { readonly kind: 'ranges'; readonly ranges: readonly GuiltyRange[] }
  | { readonly kind: 'body' };

/** Milliseconds spent, recorded as metrics on the main thread. */
export interface ScanTimings {
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly matchMs: number;
  readonly totalMs: number;
}

/** What was noticed and has no part in the verdict. */
export interface Observations {
  /** Findings of rules on trial. */
  readonly shadow: readonly Finding[];
  /** Engines that could not judge a piece and are configured not to matter. */
  readonly ignored: readonly { readonly engine: string; readonly cause: UnscannableCause }[];
}

/** Plain data: it crosses threads and is what the verdict cache keeps. */
export interface ScanReport {
  readonly verdict: Verdict;
  readonly guilt: Guilt;
  /** SHA-256 of the raw message, lower-case hex; empty when no worker could read it. */
  readonly sha256: string;
  readonly bytes: number;
  /** Number of distinct pieces that were matched. */
  readonly pieces: number;
  /** Rule-set generation that judged it. */
  readonly generation: string;
  readonly timings: ScanTimings;
  /** Absent when there is nothing. */
  readonly observed?: Observations;
}

/** Replacement bytes for `[offset, offset + bytes.length)` of the raw message. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Where a needle stands in a message: every offset up to a small cap, or none. */
export interface Located {
  readonly offsets: readonly number[];
  /** True when there are more occurrences than were listed. */
  readonly more: boolean;
}

/** What the gateway knows of scanning. Implemented by `src/workers`; the gateway never imports that folder. */
export interface Scanner {
  /**
   * Judges a message. Resolves for every outcome, also time-out, crash and overload (`unscannable`);
   * rejects only with the signal's reason when the caller gave up.
   */
  scan(request: ScanRequest, signal?: AbortSignal): Promise<ScanReport>;
  /**
   * The same-size overlay for a message that must not be delivered as it is (protocol notes 1.4).
   * `notice` is the ASCII text written over the guilty bytes. Patches are sorted and do not overlap.
   * Never rejects for content reasons: when no worker can do it, the whole body is overlaid.
   */
  neutralise(message: MessageBytes, guilt: Guilt, notice: string): Promise<readonly Patch[]>;
  /** Finds `needle` in a message (containment, so that a range or part can be released). */
  locate(message: MessageBytes, needle: MessageBytes): Promise<Located>;
  /** Current rule-set generation. */
  readonly generation: string;
}
