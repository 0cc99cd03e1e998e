/** What is looked for. */
export interface Mark {
  readonly bytes: Buffer;
  /** Letters, which are small ones in `bytes`, may be capitals as well. */
  readonly isFolded: boolean;
  /** It is wanted wherever it stands, not only where it stands first. */
  readonly isRepeated?: boolean;
}

/** Where marks stand. */
export interface MarkPlaces {
  /** For each mark where it stands first, or -1. */
  readonly first: Int32Array<ArrayBuffer>;
  /** Where any of the repeated marks stand, in ascending order; those close behind another are left out. */
  readonly repeated: readonly number[];
}
