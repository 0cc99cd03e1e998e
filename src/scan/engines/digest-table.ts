const DIGEST_BYTES = 32;
const OFFSET_BYTES = 4;
/** A name from a list goes into logs and notices. */
const MAX_NAME_BYTES = 100;
const HEX_DIGEST = /^[0-9a-f]{64}$/;

/**
 * Digests with names in one block of shared memory, so that a list of a million costs every thread nothing:
 * the count, the digests in order, where each name ends, the names.
 */
export class DigestTable {
  readonly #bytes: Buffer;
  readonly count: number;

  /** `memory` is what another table's `memory` is. */
  constructor(memory: SharedArrayBuffer) {
    this.#bytes = Buffer.from(memory);
    this.count = this.#bytes.readUInt32LE(0);
  }

  /** Keys are lower-case hex digests, values their names. */
  static from(digests: ReadonlyMap<string, string>): DigestTable {
    const entries = [...digests].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const names = entries.map(([, name]) => Buffer.from(name).subarray(0, MAX_NAME_BYTES));
    const fixed = OFFSET_BYTES + entries.length * (DIGEST_BYTES + OFFSET_BYTES);
    const total = names.reduce((sum, name) => sum + name.byteLength, fixed);
    const memory = new SharedArrayBuffer(total);
    const bytes = Buffer.from(memory);
    bytes.writeUInt32LE(entries.length, 0);
    let end = fixed;
    for (const [i, [digest]] of entries.entries()) {
      bytes.write(digest, OFFSET_BYTES + i * DIGEST_BYTES, 'hex');
      end += names[i]?.copy(bytes, end) ?? 0;
      bytes.writeUInt32LE(end, OFFSET_BYTES + entries.length * DIGEST_BYTES + i * OFFSET_BYTES);
    }
    return new DigestTable(memory);
  }

  get memory(): SharedArrayBuffer {
    const { buffer } = this.#bytes;
    if (!(buffer instanceof SharedArrayBuffer)) {
      throw new TypeError('a digest table lives in shared memory');
    }
    return buffer;
  }

  /** The name of a digest in lower-case hex, which may be empty; undefined when it is not in the table. */
  get(sha256: string): string | undefined {
    if (this.count === 0 || !HEX_DIGEST.test(sha256)) {
      return undefined;
    }
    const digest = Buffer.from(sha256, 'hex');
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = OFFSET_BYTES + middle * DIGEST_BYTES;
      const order = this.#bytes.compare(digest, 0, DIGEST_BYTES, at, at + DIGEST_BYTES);
      if (order === 0) {
        return this.#nameAt(middle);
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return undefined;
  }

  has(sha256: string): boolean {
    return this.get(sha256) !== undefined;
  }

  #nameAt(index: number): string {
    const ends = OFFSET_BYTES + this.count * DIGEST_BYTES;
    const start =
      index === 0
        ? ends + this.count * OFFSET_BYTES
        : this.#bytes.readUInt32LE(ends + (index - 1) * OFFSET_BYTES);
    return this.#bytes.toString('utf8', start, this.#bytes.readUInt32LE(ends + index * OFFSET_BYTES));
  }
}
