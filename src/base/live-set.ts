/**
 * What lives at present, of things that come and go in great number: connections, streams. A `Set` looks the same and
 * costs more than what is in it: it grows into a new table again and again, each dead table keeps what it held and
 * points to the next one, and once one of them is in the old generation every collection of the young one takes all
 * of that for alive until there is a full collection (sessions of 14 KB each, 2 of 11 MB in each collection). A place
 * that is emptied keeps nothing.
 */
export class LiveSet<T extends object> implements Iterable<T> {
  readonly #places: (T | undefined)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#places.length - this.#free.length;
  }

  /** Returns its place, by which it is removed. */
  add(member: T): number {
    const place = this.#free.pop() ?? this.#places.length;
    this.#places[place] = member;
    return place;
  }

  /** Nothing when it has left: the place may be another's. */
  remove(place: number, member: T): void {
    if (this.#places[place] !== member) return;
    this.#places[place] = undefined;
    this.#free.push(place);
  }

  /** In no order. What is added meanwhile may be left out. */
  *[Symbol.iterator](): Generator<T> {
    for (const member of this.#places) if (member !== undefined) yield member;
  }
}
