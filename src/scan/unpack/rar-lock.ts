import { hash, pbkdf2Sync } from 'node:crypto';
import type { Budget } from '../budget.ts';
import { hasMagic, u8 } from './byte-view.ts';
import type { RarAttempt, RarLock } from './rar-attempt.ts';
import { RAR4_MAGIC } from './rar4-block.ts';
import { rar4Lock } from './rar4-lock.ts';

const RAR5_MAGIC = 'Rar!\u001a\u0007\u0001\u0000';
/** Writers take 15. At 20 one try takes a third of a second; RAR itself would go to 24. */
export const MAX_RAR_ROUNDS_POWER = 20;
/** Headers looked at for a password check, one or more for each file. */
export const MAX_RAR_HEADERS = 2000;
/** Checks that differ: files of one archive share theirs. */
export const MAX_RAR_CHECKS = 8;

/** Fields of RAR 5: numbers of seven bits a byte, the lowest first. */
class FieldReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let weight = 1; weight < 2 ** 50; weight *= 128) {
      const byte = u8(this.#bytes, this.at);
      this.at += 1;
      value += (byte & 127) * weight;
      if (byte < 128) {
        break;
      }
    }
    return value;
  }

  take(length: number): Buffer {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/** RAR 5: how a password is checked without decrypting anything. */
interface PasswordCheck {
  readonly power: number;
  readonly salt: Buffer;
  readonly value: Buffer;
}

/** Version, flags, power of the rounds, salt, for a file the initialisation vector, then the check with its own sum. */
function readCheck(fields: FieldReader, ivBytes: number): PasswordCheck | undefined {
  const isKnown = fields.number() === 0;
  const hasCheck = (fields.number() & 1) !== 0;
  const power = fields.number();
  const salt = fields.take(16);
  fields.take(ivBytes);
  const value = fields.take(8);
  const sum = hash('sha256', value, 'buffer').subarray(0, 4);
  // Programs ignore a check whose own sum is wrong.
  return isKnown && hasCheck && value.length === 8 && sum.equals(fields.take(4))
    ? { power, salt, value }
    : undefined;
}

const EXTRA_AREA = 1;
const DATA_AREA = 2;
const FILE_HEADER = 2;
const SERVICE_HEADER = 3;
const ENCRYPTION_HEADER = 4;
const ENCRYPTION_RECORD = 1;

/** The content of the record that says how a file is encrypted. */
function encryptionOf(extra: Buffer): FieldReader | undefined {
  for (let at = 0; at < extra.length;) {
    const fields = new FieldReader(extra, at);
    const size = fields.number();
    const end = fields.at + size;
    if (fields.number() === ENCRYPTION_RECORD) {
      return fields;
    }
    at = Math.max(end, at + 1);
  }
  return undefined;
}

interface Header {
  readonly type: number;
  /** Behind the fields that all headers have. */
  readonly fields: FieldReader;
  readonly extra: Buffer;
}

function* headers(archive: Buffer): Generator<Header, void, void> {
  for (let at = RAR5_MAGIC.length; at + 7 < archive.length;) {
    const fields = new FieldReader(archive, at + 4);
    const size = fields.number();
    const end = fields.at + size;
    const type = fields.number();
    const flags = fields.number();
    const extraBytes = (flags & EXTRA_AREA) === 0 ? 0 : fields.number();
    const dataBytes = (flags & DATA_AREA) === 0 ? 0 : fields.number();
    yield { type, fields, extra: archive.subarray(Math.max(at, end - extraBytes), end) };
    if (type === ENCRYPTION_HEADER) {
      return; // everything behind it is encrypted
    }
    at = end + dataBytes;
  }
}

interface Checks {
  readonly found: readonly PasswordCheck[];
  readonly isWhole: boolean;
}

/**
 * Undefined when there are more than are looked at, or something is encrypted without one: the part that counts could
 * be behind decoys.
 */
function checksOf(archive: Buffer): Checks | undefined {
  const found = new Map<string, PasswordCheck>();
  let isWhole = true;
  let count = 0;
  for (const { type, fields, extra } of headers(archive)) {
    const isFile = type === FILE_HEADER || type === SERVICE_HEADER;
    const record = isFile ? encryptionOf(extra) : undefined;
    const isEncrypted = type === ENCRYPTION_HEADER || record !== undefined;
    const check = type === ENCRYPTION_HEADER ? readCheck(fields, 0) : record && readCheck(record, 16);
    if (check !== undefined) {
      found.set(`${check.power} ${check.salt.toString('hex')} ${check.value.toString('hex')}`, check);
    } else if (isEncrypted) {
      return undefined;
    }
    isWhole &&= type !== FILE_HEADER || record !== undefined;
    count += 1;
    if (count > MAX_RAR_HEADERS || found.size > MAX_RAR_CHECKS) {
      return undefined;
    }
  }
  return { found: [...found.values()], isWhole };
}

function passes(password: string, { power, salt, value }: PasswordCheck): boolean {
  // 32 rounds behind the key (and 16 behind that of the checksums), folded to eight bytes.
  const derived = pbkdf2Sync(password, salt, 2 ** power + 32, 32, 'sha256');
  const folded = Buffer.alloc(8);
  for (const [index, byte] of derived.entries()) {
    folded[index % 8] = u8(folded, index % 8) ^ byte;
  }
  return folded.equals(value);
}

function rar5Lock(archive: Buffer): RarLock | undefined {
  const checks = checksOf(archive);
  if (checks === undefined || checks.found.length === 0) {
    return undefined;
  }
  const affordable = checks.found.filter(({ power }) => power <= MAX_RAR_ROUNDS_POWER);
  const attempt = (password: string, budget: Budget): RarAttempt => {
    const mayOpen = affordable.some((check) => {
      budget.checkTime();
      return passes(password, check);
    });
    return { mayOpen, doubtful: [] };
  };
  return { attempt, isWhole: checks.isWhole };
}

/** The test of passwords for an encrypted archive; undefined when it offers none. */
export function rarLock(archive: Buffer): RarLock | undefined {
  if (hasMagic(archive, RAR5_MAGIC)) {
    return rar5Lock(archive);
  }
  return hasMagic(archive, RAR4_MAGIC) ? rar4Lock(archive) : undefined;
}
