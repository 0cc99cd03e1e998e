import type { TestContext } from 'node:test';

/** `npm run fuzz` sets more runs and another seed. */
function numberOf(name: string, otherwise: number): number {
  return Number(process.env[name] ?? otherwise);
}

/** What every property takes; `share` of the runs, for properties that cost more than others. */
export function fuzzSetting(share = 1): { readonly numRuns: number; readonly seed: number } {
  const runs = Math.ceil(numberOf('FUZZ_RUNS', 200) * share);
  return { numRuns: runs, seed: numberOf('FUZZ_SEED', 1) };
}

/** Chunks that were fed; `npm run fuzz` adds them up. */
export class ChunkCount {
  #chunks = 0;

  add(count = 1): void {
    this.#chunks += count;
  }

  report(test: TestContext): void {
    test.diagnostic(`chunks ${this.#chunks}`);
    this.#chunks = 0;
  }
}
