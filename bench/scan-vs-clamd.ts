/**
 * `node bench/scan-vs-clamd.ts [rounds]`: the corpus of techniques, their twins and ordinary mail, with the same rules
 * for all, in turns. First the pipeline in this process, on one thread, beside a clamd with and one without its cache,
 * one message after the other; then whole commands over a folder of the same messages; then these over the whole
 * corpus, with the bombs and what is malformed. All read the same bytes and find the marker where they can, each up to
 * its own limits, which is what bombs are about. Prints wall and CPU time and their spread over the rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bombs } from '../test/corpus/bombs.ts';
import { lookalikes } from '../test/corpus/lookalikes.ts';
import { QUICK_CORPUS, realisticMail } from '../test/corpus/realistic-mail.ts';
import { CALM, MARKED } from '../test/corpus/technique.ts';
import { techniques } from '../test/corpus/techniques.ts';
import { malformedMail, unreadableMail } from '../test/corpus/unreadable-mail.ts';
import { createPipeline } from '../src/scan/pipeline.ts';
import { compileRules } from '../src/scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../src/scan/engines/yara-engine.ts';
import { TEST_LIMITS } from '../src/scan/test-limits.ts';
import { unpackingParts } from '../src/scan/unpack/index.ts';
import { Clamd } from './clamd.ts';
import { type Call, holdContest, writeFolder } from './folder-contest.ts';
import { machine } from './machine.ts';
import { treeCpuSeconds } from './process-tree.ts';
import { ruleCorpus } from './rule-corpus.ts';
import { spreadOf } from './statistics.ts';

const RULES = 100;
const DEFAULT_ROUNDS = 3;

const hex = Buffer.from(MARKED).toString('hex').replaceAll(/../gu, '$& ');
const rules = `${ruleCorpus(RULES)}\nrule marker { strings: $a = { ${hex}} condition: $a }\n`;

function messagesOf(): Buffer[] {
  const cases = techniques();
  return [
    ...cases.map(({ message }) => message(MARKED)),
    ...cases.filter(({ section }) => section !== 'MIME').map(({ message }) => message(CALM)),
    ...lookalikes().map(({ message }) => message),
    ...realisticMail(QUICK_CORPUS).map(({ bytes }) => bytes),
  ];
}

/** The rest of the corpus: what explodes, takes long or cannot be read. */
function hardMessages(): Buffer[] {
  return [
    ...bombs().map(({ make }) => make()),
    ...unreadableMail().map(({ message }) => message(MARKED)),
    ...malformedMail().map(({ message }) => message),
  ];
}

type Judge = (bytes: Buffer) => Promise<boolean>;

function postern(): Judge {
  const compiled = compileRules([{ path: 'bench.yar', namespace: 'bench', source: rules }]);
  if (compiled.kind === 'refused') {
    throw new Error(JSON.stringify(compiled.problems));
  }
  const pipeline = createPipeline({
    engines: [createYaraEngine(compiled.serialised)],
    ...unpackingParts(),
    limits: TEST_LIMITS,
    now: () => performance.now(),
  });
  return async (bytes) => (await pipeline.scan(bytes, 'message')).verdict.kind === 'malicious';
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Judges all messages, one after the other. */
async function judgeAll(messages: readonly Buffer[], judge: Judge, cpuSeconds: () => number): Promise<Call> {
  const [cpuBefore, started] = [cpuSeconds(), performance.now()];
  let found = 0;
  for (const message of messages) {
    found += (await judge(message)) ? 1 : 0;
  }
  return { ms: performance.now() - started, cpuMs: (cpuSeconds() - cpuBefore) * 1_000, found };
}

function seconds(values: readonly number[]): string {
  const { median, min, max } = spreadOf(values);
  return [median, min, max].map((ms) => (ms / 1_000).toFixed(2)).join(' / ');
}

function print(title: string, calls: ReadonlyMap<string, readonly Call[]>): void {
  console.log(
    `\n${title}; seconds for all messages, median / least / most of ${calls.values().next().value?.length} rounds`,
  );
  for (const [name, rounds] of calls) {
    const wall = seconds(rounds.map(({ ms }) => ms));
    const cpu = seconds(rounds.map(({ cpuMs }) => cpuMs));
    console.log(`${name.padEnd(30)} wall ${wall}   CPU ${cpu}   found ${rounds.at(-1)?.found}`);
  }
}

async function oneByOne(messages: readonly Buffer[], folder: string, count: number): Promise<void> {
  const judge = postern();
  const calls = new Map<string, Call[]>();
  const note = (name: string, call: Call): void => void calls.set(name, [...(calls.get(name) ?? []), call]);
  for (let round = 0; round < count; round += 1) {
    note('postern, one thread', await judgeAll(messages, judge, ownCpuSeconds));
    for (const cached of [false, true]) {
      const clamd = new Clamd(folder, rules, { cached });
      try {
        await clamd.ready();
        const ask: Judge = async (bytes) => (await clamd.ask(bytes)).includes('FOUND');
        const name = cached ? 'clamd, new cache' : 'clamd, no cache';
        note(name, await judgeAll(messages, ask, () => treeCpuSeconds(clamd.pid)));
      } finally {
        await clamd.stop();
      }
    }
  }
  print('One message after the other, programs that run already', calls);
}

async function main(): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  try {
    const messages = messagesOf();
    const count = Number(process.argv[2] ?? DEFAULT_ROUNDS);
    const { cpu, cores, system, versions, loadAverage } = machine();
    const bytes = messages.reduce((sum, { length }) => sum + length, 0);
    console.log(`${cores} cores, ${cpu}, ${system}, node ${versions['node']}, clamd ${versions['clamd']}`);
    console.log(`load average of the quarter of an hour before: ${loadAverage}`);
    console.log(
      `${messages.length} messages, ${(bytes / 1e6).toFixed(0)} MB, ${RULES} rules and one for the marker`,
    );
    await oneByOne(messages, place, count);
    const folder = join(place, 'mail');
    writeFolder(folder, messages);
    print('A whole command over a folder', await holdContest({ folder, rules, place }, count));
    const whole = join(place, 'whole');
    const all = [...messages, ...hardMessages()];
    writeFolder(whole, all);
    print(
      `The same over the whole corpus, ${all.length} messages with bombs and malformed ones`,
      await holdContest({ folder: whole, rules, place }, count),
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

await main();
