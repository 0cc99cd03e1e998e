import type { Budget } from '../budget.ts';
import type { SevenZipFile } from './seven-zip.ts';

/** What one password is for an archive. */
export interface RarAttempt {
  /** A false yes costs a run of 7-Zip, a false no is not allowed. */
  readonly mayOpen: boolean;
  /** It was not tested, and 7-Zip needs long: others come first. */
  readonly isCostly?: boolean;
  /** Nothing says that what 7-Zip makes of it is right. */
  readonly isUnproven?: boolean;
  /** The archive without its encryption, for 7-Zip; absent where 7-Zip gets the password. */
  readonly plain?: Buffer;
  /** Files as the password makes them although their checksum says that it is wrong. */
  readonly doubtful: readonly SevenZipFile[];
}

export interface RarLock {
  attempt(password: string, budget: Budget): RarAttempt;
  /** Without a password nothing can come out. */
  readonly isWhole: boolean;
  /** Why passwords are not tried for all of it. */
  readonly untried?: string;
}
