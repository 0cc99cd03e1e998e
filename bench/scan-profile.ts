/**
 * `scan-profile.ts [--rules N] [--share S] [--rounds N] [--seed WORD] [--stages] [--kinds]`: what the scan of clean mail costs in one
 * process, in CPU time, which other work on the machine does not change as it changes wall time. Node's `--cpu-prof`
 * on top says where the time goes.
 */
import { hash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type CorpusMessage, FULL_CORPUS, realisticMail } from '../test/corpus/realistic-mail.ts';
import type { Engine } from '../src/scan/engines/engine.ts';
import { createTypeMismatchEngine } from '../src/scan/engines/type-mismatch-engine.ts';
import { compileRules } from '../src/scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../src/scan/engines/yara-engine.ts';
import { createPipeline, type PipelineParts } from '../src/scan/pipeline.ts';
import { TEST_LIMITS } from '../src/scan/test-limits.ts';
import { unpackingParts } from '../src/scan/unpack/index.ts';
import { ruleCorpus } from './rule-corpus.ts';
import { spreadOf } from './statistics.ts';

const { values: options } = parseArgs({
  options: {
    rules: { type: 'string', default: '500' },
    share: { type: 'string', default: '0.2' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: 'postern' },
    stages: { type: 'boolean', default: false },
    kinds: { type: 'boolean', default: false },
  },
});

type Judge = (message: CorpusMessage) => Promise<string>;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function engines(count: number): Engine[] {
  const compiled = compileRules([{ path: 'bench.yar', source: ruleCorpus(count), namespace: 'bench' }]);
  if (compiled.kind === 'refused') {
    throw new Error(JSON.stringify(compiled.problems[0]));
  }
  return [createTypeMismatchEngine(), createYaraEngine(compiled.serialised)];
}

const now = (): number => performance.now();

/** A message a second time is another message: nothing may be remembered from the first. */
function judgeWith(parts: Pick<PipelineParts, 'engines' | 'unpackers' | 'marks'>): Judge {
  const pipeline = createPipeline({ ...parts, limits: TEST_LIMITS, now });
  return async ({ bytes }) => (await pipeline.scan(bytes, 'message')).verdict.kind;
}

interface Stage {
  readonly name: string;
  readonly judge: Judge;
}

function stages(): Stage[] {
  const matching = engines(Number(options.rules));
  const all = { name: 'all', judge: judgeWith({ engines: matching, ...unpackingParts() }) };
  if (!options.stages) {
    return [all];
  }
  return [
    { name: 'digest of the message', judge: async ({ bytes }) => hash('sha256', bytes) },
    { name: 'reading', judge: judgeWith({ engines: [], unpackers: [] }) },
    { name: 'reading, unpacking', judge: judgeWith({ engines: [], ...unpackingParts() }) },
    { name: 'reading, matching', judge: judgeWith({ engines: matching, unpackers: [] }) },
    all,
  ];
}

interface Cost {
  cpu: number;
  bytes: number;
  count: number;
}

function kindOf({ kind, bytes }: CorpusMessage): string {
  return `${kind}${bytes.length < 30_000 ? ', small' : ''}`;
}

/** CPU seconds of all messages together. */
async function measureAll(judge: Judge, mail: readonly CorpusMessage[]): Promise<number> {
  const before = cpuSeconds();
  for (const message of mail) {
    await judge(message);
  }
  return cpuSeconds() - before;
}

/** CPU seconds by kind of message; asking the clock for each message is dear on some machines. */
async function measureKinds(judge: Judge, mail: readonly CorpusMessage[]): Promise<Map<string, Cost>> {
  const costs = new Map<string, Cost>();
  for (const message of mail) {
    const before = cpuSeconds();
    await judge(message);
    const cost = costs.get(kindOf(message)) ?? { cpu: 0, bytes: 0, count: 0 };
    cost.cpu += cpuSeconds() - before;
    cost.bytes += message.bytes.length;
    cost.count += 1;
    costs.set(kindOf(message), cost);
  }
  return costs;
}

function line(name: string, { cpu, bytes, count }: Cost): string {
  const perGb = (cpu / (bytes / 1e9)).toFixed(2).padStart(8);
  const rate = (count / cpu).toFixed(0).padStart(8);
  return `${name.padEnd(28)}${perGb} CPU-s/GB${rate} messages/CPU-s${(cpu * 1000).toFixed(0).padStart(8)} ms`;
}

const share = Number(options.share);
const scale = { count: Math.round(FULL_CORPUS.count * share), totalBytes: FULL_CORPUS.totalBytes * share };
const mail = realisticMail(scale, options.seed);
const bytes = mail.reduce((sum, message) => sum + message.bytes.length, 0);
const judged = stages();
console.log(`${mail.length} messages, ${(bytes / 1e6).toFixed(1)} MB, ${options.rules} rules`);
for (const { name, judge } of judged) {
  await measureAll(judge, mail.slice(0, 60)); // the compiler of the language warms up
  const rounds: number[] = [];
  for (let round = 0; round < Number(options.rounds); round += 1) {
    rounds.push(await measureAll(judge, mail));
  }
  const { median, min } = spreadOf(rounds);
  console.log(
    line(name, { cpu: median, bytes, count: mail.length }),
    `best ${(min / (bytes / 1e9)).toFixed(2)}`,
  );
}
const last = judged.at(-1);
const kinds = options.kinds && last !== undefined ? await measureKinds(last.judge, mail) : [];
for (const [kind, cost] of [...kinds].sort(([, a], [, b]) => b.cpu - a.cpu)) {
  console.log(line(`  ${kind}`, cost));
}
