/** Somebody answers for it that this content reaches its readers as it is. */
export interface Release {
  readonly id: string;
  /** SHA-256 of the raw message, lower-case hex. */
  readonly sha256: string;
  /** Login name; empty: everybody. */
  readonly user: string;
}

/** What the gateway asks before it withholds a message. */
export interface ReleaseList {
  /**
   * The release that covers this content for this user. Synchronous and quick (a point query); never throws:
   * when the list cannot be read, nothing is released.
   */
  find(sha256: string, user: string): Release | undefined;
}

/** Nothing is released. */
export const NO_RELEASES: ReleaseList = { find: () => undefined };
