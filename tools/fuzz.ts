/**
 * `npm run fuzz -- --runs N --seed S`: the properties of `test/fuzz` with more runs and another seed. Prints the
 * seed, what each property did and the sum of fuzzed chunks; a failure prints the smallest counterexample.
 */
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { parseArgs } from 'node:util';

/** About ten minutes. */
const DEFAULT_RUNS = '20000';

function whole(name: string, text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) {
    throw new Error(`--${name} needs a whole number`);
  }
  return Number(text);
}

async function fuzz(files: readonly string[]): Promise<{ chunks: number; failed: number }> {
  const result = { chunks: 0, failed: 0 };
  const stream = run({ files: [...files], concurrency: 1 });
  stream.on('test:diagnostic', ({ message }) => {
    result.chunks += Number(/^chunks (\d+)$/.exec(message)?.[1] ?? 0);
  });
  stream.on('test:pass', ({ name, details }) => {
    if (details.type !== 'suite') {
      console.log(`✔ ${name} (${Math.round(details.duration_ms / 1000)} s)`);
    }
  });
  stream.on('test:fail', ({ name, details }) => {
    if (details.type !== 'suite') {
      result.failed += 1;
      console.log(`✖ ${name}\n${details.error.message}\n${String(details.error.cause)}`);
    }
  });
  await new Promise<void>((resolve, reject) => {
    stream.on('end', resolve).on('error', reject).resume();
  });
  return result;
}

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
const runs = whole('runs', values.runs ?? DEFAULT_RUNS);
const seed = whole('seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000_000)));
process.env['FUZZ_RUNS'] = String(runs);
process.env['FUZZ_SEED'] = String(seed);
console.log(`${runs} runs, seed ${seed} (again: npm run fuzz -- --runs ${runs} --seed ${seed})`);
const { chunks, failed } = await fuzz(globSync('test/fuzz/**/*.test.ts').sort());
console.log(`${chunks} chunks, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
