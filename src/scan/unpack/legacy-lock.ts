/** A stream of a document before 2007, decrypted. */
export interface LegacyStream {
  readonly name: string;
  readonly bytes: Buffer;
  /** Not all of it was decrypted. */
  readonly isSealed?: boolean;
}

/** Tries one password on an encrypted document: its decrypted streams, or undefined for a wrong one. */
export type LegacyLock = (password: string) => LegacyStream[] | undefined;
