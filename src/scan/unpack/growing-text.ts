/** Characters that are put together before they become one run of memory. */
const PART = 64 * 1024;
const ANY = /[^]/;

/**
 * A text made of many short parts. The engine keeps what is added to a string as a tree, 32 bytes and more for each
 * part, and what is collected in an array as an object each: millions of them fill the memory of a thread.
 */
export class GrowingText {
  readonly #parts: string[] = [];
  #part = '';

  add(text: string): void {
    this.#part += text;
    if (this.#part.length >= PART) {
      ANY.test(this.#part); // to search it, the engine makes one run of memory of it
      this.#parts.push(this.#part);
      this.#part = '';
    }
  }

  toString(): string {
    return this.#parts.join('') + this.#part;
  }
}
