/**
 * `node bench/scan-vs-clamd.ts [rounds]`: the corpus of techniques, their twins and ordinary mail, about 800 messages,
 * judged by the pipeline in this process and by a clamd beside it, in turns, with the same rules. Both read the
 * same bytes and both find the marker; prints wall milliseconds for a message and their spread over the rounds.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lookalikes } from '../test/corpus/lookalikes.ts';
import { QUICK_CORPUS, realisticMail } from '../test/corpus/realistic-mail.ts';
import { CALM, MARKED } from '../test/corpus/technique.ts';
import { techniques } from '../test/corpus/techniques.ts';
import { createPipeline } from '../src/scan/pipeline.ts';
import { compileRules } from '../src/scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../src/scan/engines/yara-engine.ts';
import { TEST_LIMITS } from '../src/scan/test-limits.ts';
import { createUnpackers } from '../src/scan/unpack/index.ts';
import { Clamd } from './clamd.ts';
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

type Judge = (bytes: Buffer) => Promise<boolean>;

function postern(): Judge {
  const compiled = compileRules([{ path: 'bench.yar', namespace: 'bench', source: rules }]);
  if (compiled.kind === 'refused') {
    throw new Error(JSON.stringify(compiled.problems));
  }
  const pipeline = createPipeline({
    engines: [createYaraEngine(compiled.serialised)],
    unpackers: createUnpackers(),
    limits: TEST_LIMITS,
    now: () => performance.now(),
  });
  return async (bytes) => (await pipeline.scan(bytes, 'message')).verdict.kind === 'malicious';
}

/** One INSTREAM session: true when clamd found something. */
async function askClamd(path: string, bytes: Buffer): Promise<boolean> {
  const socket = connect(path);
  const answer: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => answer.push(chunk));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  socket.write(Buffer.concat([Buffer.from('zINSTREAM\0'), length, bytes, Buffer.alloc(4)]));
  await once(socket, 'close');
  return Buffer.concat(answer).includes('FOUND');
}

interface Round {
  readonly ms: number;
  readonly found: number;
}

async function runRound(messages: readonly Buffer[], judge: Judge): Promise<Round> {
  const started = performance.now();
  let found = 0;
  for (const message of messages) {
    found += (await judge(message)) ? 1 : 0;
  }
  return { ms: (performance.now() - started) / messages.length, found };
}

function report(name: string, rounds: readonly Round[]): void {
  const { median, min, max } = spreadOf(rounds.map(({ ms }) => ms));
  const text = [median, min, max].map((value) => value.toFixed(2)).join(' / ');
  console.log(
    `${name.padEnd(8)} ms a message, median / least / most: ${text}; found ${rounds[0]?.found ?? 0}`,
  );
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const clamd = new Clamd(folder, rules, false);
  try {
    await clamd.ready();
    const messages = messagesOf();
    console.log(`${messages.length} messages, ${RULES} rules and one for the marker`);
    const judges = { postern: postern(), clamd: (bytes: Buffer) => askClamd(join(folder, 'socket'), bytes) };
    const rounds: Record<keyof typeof judges, Round[]> = { postern: [], clamd: [] };
    const count = Number(process.argv[2] ?? DEFAULT_ROUNDS);
    for (let round = 0; round < count; round += 1) {
      rounds.postern.push(await runRound(messages, judges.postern));
      rounds.clamd.push(await runRound(messages, judges.clamd));
    }
    report('postern', rounds.postern);
    report('clamd', rounds.clamd);
  } finally {
    await clamd.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
