/** Ways to cut a byte string, each of which must give the same output. */
export interface Chunking {
  readonly name: string;
  readonly cut: (bytes: Buffer) => Buffer[];
}

const RANDOM_CHUNKINGS = 20;
const MAX_RANDOM_CUTS = 12;

/** Mulberry32: small, seeded, good enough to choose cuts. Yields [0, 1). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function cutAt(bytes: Buffer, offsets: Iterable<number>): Buffer[] {
  const sorted = [...new Set(offsets)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b);
  const edges = [0, ...sorted, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
}

function* lineEdges(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(0x0d); at >= 0; at = bytes.indexOf(0x0d, at + 1)) {
    yield at;
    yield at + 1;
    yield at + 2;
  }
}

function randomly(seed: number): Chunking {
  const random = createRandom(seed);
  return {
    name: `random cuts, seed ${seed}`,
    cut: (bytes) => {
      const count = 1 + Math.floor(random() * MAX_RANDOM_CUTS);
      return cutAt(
        bytes,
        Array.from({ length: count }, () => Math.floor(random() * bytes.length)),
      );
    },
  };
}

export function createChunkings(): readonly Chunking[] {
  return [
    { name: 'whole', cut: (bytes) => [bytes] },
    { name: 'byte by byte', cut: (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)) },
    { name: 'around each CR and LF', cut: (bytes) => cutAt(bytes, lineEdges(bytes)) },
    ...Array.from({ length: RANDOM_CHUNKINGS }, (_, seed) => randomly(seed + 1)),
  ];
}
