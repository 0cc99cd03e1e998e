/** One page of a list that may be long. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; null at the end. Opaque to whoever passes it back. */
  readonly next: string | null;
}
