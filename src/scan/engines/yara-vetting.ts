import { threadCpuUsage } from 'node:process';
import type { YaraRules } from './yara-binding.ts';
import type { RuleProblem, RuleSource } from './yara-sources.ts';

/** Some slow patterns raise no warning, so every set runs over buffers of this size that make them slow. */
const VETTING_BYTES = 64 * 1024;
/**
 * Processor time for one such buffer. A message of 50 MB at this speed takes 80 s, eight times its budget;
 * sound sets of 2,000 rules need under 1 ms.
 */
const MAX_VETTING_CPU_MS = 100;
/** The engine's own stop, so that a hopeless rule ends; counted in ticks of one second. */
const VETTING_TIMEOUT_MS = 2_000;

function fill(pattern: string): Uint8Array {
  return Buffer.alloc(VETTING_BYTES, pattern, 'latin1');
}

/** Each is repetitive in a way that some patterns backtrack on. */
function vettingBuffers(): ReadonlyMap<string, Uint8Array> {
  return new Map([
    ['the letter a', fill('a')],
    ['the sign <', fill('<')],
    ['zeros', fill('\0')],
    ['digits', fill('0123456789')],
    ['base64 text', fill('TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n')],
    ['blanks', fill(' ')],
    ['words', fill('the quick brown fox jumps over the lazy dog. ')],
  ]);
}

/** Processor milliseconds of one scan; a cancelled scan counts as over every budget. */
function cpuMs(rules: YaraRules, bytes: Uint8Array): number {
  const before = threadCpuUsage();
  try {
    rules.scan(bytes);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const spent = threadCpuUsage(before);
  return (spent.user + spent.system) / 1_000;
}

interface Slowness {
  readonly on: string;
  readonly ms: number;
}

function slowest(rules: YaraRules, buffers: ReadonlyMap<string, Uint8Array>): Slowness | undefined {
  rules.setTimeout(VETTING_TIMEOUT_MS);
  rules.scan(new Uint8Array(1)); // builds the scanner, which is no part of what is measured
  const times = [...buffers].map(([on, bytes]) => ({ on, ms: cpuMs(rules, bytes) }));
  return times.find(({ ms }) => ms > MAX_VETTING_CPU_MS);
}

function problem(path: string, { on, ms }: Slowness): RuleProblem {
  const took = Number.isFinite(ms) ? `${Math.round(ms)} ms` : `over ${VETTING_TIMEOUT_MS} ms`;
  const message = `needs ${took} for 64 KiB of ${on}; the limit is ${MAX_VETTING_CPU_MS} ms`;
  return { path, line: 0, column: 0, code: 'too_slow', message };
}

/** Names the files that are too slow; when only their sum is, the set as a whole. */
export function vetRules(
  all: YaraRules,
  sources: readonly RuleSource[],
  compileOne: (source: RuleSource) => YaraRules,
): RuleProblem[] {
  const buffers = vettingBuffers();
  const slow = slowest(all, buffers);
  if (slow === undefined) {
    return [];
  }
  const culprits = sources.flatMap((source) => {
    const found = slowest(compileOne(source), buffers);
    return found === undefined ? [] : [problem(source.path, found)];
  });
  return culprits.length > 0 ? culprits : [problem('', slow)];
}
