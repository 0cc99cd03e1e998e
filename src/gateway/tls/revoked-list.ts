import fs from 'node:fs';
import { parseFingerprintList } from '../../base/config/fingerprint-list.ts';
import { GatewayError } from '../../base/errors.ts';

/** A line is 64 characters: a quarter of a million certificates. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Certificates and public keys that are not trusted any more, from a file; it may change while sessions run. */
export class RevokedList {
  readonly #file: string | undefined;
  #prints: ReadonlySet<string>;

  /** Throws `CERTIFICATE_INVALID`. */
  constructor(file: string | undefined) {
    this.#file = file;
    this.#prints = read(file);
  }

  has(print: string): boolean {
    return this.#prints.has(print);
  }

  /** Reads the file again. Throws `CERTIFICATE_INVALID` and keeps what it had when that is not possible. */
  reload(): void {
    this.#prints = read(this.#file);
  }
}

function read(file: string | undefined): ReadonlySet<string> {
  if (file === undefined) return new Set();
  const list = parseFingerprintList(textOf(file));
  if ('prints' in list) return list.prints;
  const message = `${file} line ${list.badLine} is no SHA-256 fingerprint: ${JSON.stringify(list.text)}`;
  throw new GatewayError('CERTIFICATE_INVALID', message);
}

function textOf(file: string): string {
  try {
    if (fs.statSync(file).size > MAX_BYTES) throw new RangeError(`it has more than ${MAX_BYTES} bytes`);
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_INVALID', `cannot read the revoked certificates in ${file}`, {
      cause,
    });
  }
}
