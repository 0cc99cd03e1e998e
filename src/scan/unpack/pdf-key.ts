import { latin1 } from './byte-view.ts';
import { PasswordTries } from './password-tries.ts';
import { pdfLock, type PdfDecryptor, type PdfLock } from './pdf-encryption.ts';
import type { PdfObjects } from './pdf-objects.ts';
import type { Yield } from './unpacker.ts';

/** What every encrypted document has. */
export const ENCRYPT_MARK = Buffer.from('/Encrypt');
/** An object looked up for its own sake; longer ones belong to no writer. */
const MAX_DICTIONARY_BYTES = 8192;

/** What decrypts a document. */
export interface PdfKey {
  readonly decrypt: PdfDecryptor | undefined;
  /** Encrypted and not opened: what the streams seem to hold means nothing. */
  readonly isSealed: boolean;
}

const PLAIN: PdfKey = { decrypt: undefined, isSealed: false };

/** Most encrypted documents have an empty user password: they open without a question. */
function tryPasswords(lock: PdfLock, out: Yield): PdfDecryptor | undefined {
  const tries = new PasswordTries(out, ['']);
  for (const password of tries.candidates()) {
    const decryptor = lock.open(password);
    if (decryptor !== undefined) {
      return decryptor;
    }
  }
  for (const password of tries.announced()) {
    const decryptor = lock.openAsOwner(password);
    if (decryptor !== undefined) {
      return decryptor;
    }
  }
  return undefined;
}

function unlocked(lock: PdfLock | undefined, out: Yield): PdfKey {
  const decrypt = lock === undefined ? undefined : tryPasswords(lock, out);
  if (decrypt === undefined) {
    out.cannot('encrypted', 'PDF document is encrypted');
  }
  return { decrypt, isSealed: decrypt === undefined };
}

/**
 * `Encrypt` stands in a trailer, or in the dictionary of a cross-reference stream. `first`: where `ENCRYPT_MARK` stands
 * first, or -1.
 */
export function pdfKey(bytes: Buffer, first: number, objects: PdfObjects, out: Yield): PdfKey {
  const at = first < 0 ? first : bytes.lastIndexOf(ENCRYPT_MARK);
  if (at < 0) {
    return PLAIN;
  }
  const near = latin1(bytes, at - MAX_DICTIONARY_BYTES, at + MAX_DICTIONARY_BYTES);
  const behind = latin1(bytes, at + ENCRYPT_MARK.length, at + MAX_DICTIONARY_BYTES);
  const reference = /^\s{0,16}(\d{1,10})\s{1,16}(\d{1,10})\s{1,16}R/.exec(behind);
  if (reference === null && !/^\s{0,16}<</.test(behind)) {
    return PLAIN; // a name that only begins like it, such as EncryptMetadata
  }
  const own = `${reference?.[1]} ${reference?.[2]}`;
  const dictionary = reference === null ? behind : objects.own(own, MAX_DICTIONARY_BYTES);
  return unlocked(pdfLock(dictionary, near), out);
}
