import { hasKnownStart } from './known-start.ts';
import type { Yield } from './unpacker.ts';

/** Parts below this size are joined unless they look like a file. */
const SMALL_BYTES = 64 * 1024;
/** A joined piece is emitted when it has this size, so that the budget sees the bytes soon. */
const FLUSH_BYTES = 1024 * 1024;
const SEPARATOR = Buffer.from('\n');

/**
 * Emits parts of a document: big ones and those that look like a file by themselves, the many small ones joined,
 * because a long clean document has more parts than a message may have pieces.
 */
export class PieceJoiner {
  readonly #out: Yield;
  readonly #name: string;
  /** Small parts that are emitted by themselves before joining begins. */
  #single: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(out: Yield, name: string, single = 0) {
    this.#out = out;
    this.#name = name;
    this.#single = single;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) {
      return;
    }
    if (bytes.length >= SMALL_BYTES || hasKnownStart(bytes) || this.#single > 0) {
      this.#single -= 1;
      this.#out.emit(this.#name, bytes);
      return;
    }
    this.#parts.push(bytes, SEPARATOR);
    this.#length += bytes.length + 1;
    if (this.#length >= FLUSH_BYTES) {
      this.flush();
    }
  }

  /** Something that is hardly anything by itself. */
  addToOthers(bytes: Buffer): void {
    const single = this.#single;
    this.#single = 0;
    this.add(bytes);
    this.#single = single;
  }

  flush(): void {
    if (this.#length > 0) {
      this.#out.emit(`${this.#name}s`, Buffer.concat(this.#parts));
      this.#parts = [];
      this.#length = 0;
    }
  }
}
