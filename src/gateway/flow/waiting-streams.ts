import type { FlowStream } from './flow-stream.ts';

/** Streams that wait for room, in the order in which they began to. */
export class WaitingStreams {
  /** Since when, monotonic milliseconds; Infinity: it was told that it waited too long. */
  readonly #since = new Map<FlowStream, number>();

  get size(): number {
    return this.#since.size;
  }

  has(stream: FlowStream): boolean {
    return this.#since.has(stream);
  }

  add(stream: FlowStream, now: number): void {
    this.#since.set(stream, now);
  }

  remove(stream: FlowStream): boolean {
    return this.#since.delete(stream);
  }

  /** The one of least weight; of equals the one that waits longest. One pass: it is asked for with every release. */
  lightest(weightOf: (stream: FlowStream) => number): FlowStream | undefined {
    let least = Infinity;
    let found: FlowStream | undefined;
    for (const stream of this.#since.keys()) {
      const weight = weightOf(stream);
      if (weight >= least) continue;
      least = weight;
      found = stream;
    }
    return found;
  }

  filter(wanted: (stream: FlowStream) => boolean): readonly FlowStream[] {
    return [...this.#since.keys()].filter(wanted);
  }

  /** Those that began to wait at `time` or before; each only once. */
  takeOverdue(time: number): readonly FlowStream[] {
    const overdue = [...this.#since].filter(([, since]) => since <= time).map(([stream]) => stream);
    for (const stream of overdue) this.#since.set(stream, Infinity);
    return overdue;
  }
}
