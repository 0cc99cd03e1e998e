import { hasMagic } from './byte-view.ts';
import type { RarLock } from './rar-attempt.ts';
import { RAR4_MAGIC } from './rar4-block.ts';
import type { Rar4KeyStore } from './rar4-key.ts';
import { rar4Lock } from './rar4-lock.ts';
import { RAR5_MAGIC } from './rar5-header.ts';
import { rar5Lock } from './rar5-lock.ts';

/** The test of passwords for an encrypted archive; undefined when it offers none. `rar4Keys`: those known already. */
export function rarLock(archive: Buffer, rar4Keys?: Rar4KeyStore): RarLock | undefined {
  if (hasMagic(archive, RAR5_MAGIC)) {
    return rar5Lock(archive);
  }
  return hasMagic(archive, RAR4_MAGIC) ? rar4Lock(archive, rar4Keys) : undefined;
}
