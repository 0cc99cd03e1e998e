import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Clamd } from '../clamd.ts';
import { RULES } from '../contenders.ts';
import { corpus, countOf, sizedMail, SIZES } from '../mail-box.ts';
import { MEASURED_CPU, PinnedProgram } from '../pinned-program.ts';
import { endedChildrenCpuSeconds, treeCpuSeconds } from '../process-tree.ts';
import type { Figures } from '../result.ts';
import { ruleCorpus } from '../rule-corpus.ts';
import type { Setting } from '../setting.ts';

const MEASURE = 'scanning';
const PROJECT = join(import.meta.dirname, '../..');
const RULE_COUNTS = [10, 100, RULES, 2_000] as const;

/** Over other mail, as much as is measured. */
const WARM_UP_PASSES = 3;

/** The same mail several times: what a start costs varies by more than a little mail does. */
const REPEATS = 3;

interface Mail {
  readonly folder: string;
  readonly count: number;
  readonly bytes: number;
}

function writeMail(folder: string, messages: readonly Buffer[]): Mail {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  messages.forEach((bytes, index) => writeFileSync(join(folder, `${index}.eml`), bytes));
  return { folder, count: messages.length, bytes: messages.reduce((sum, { length }) => sum + length, 0) };
}

/** CPU seconds of a command on the measured core, from its start to its end. */
function cpuOf(command: readonly string[], expected: readonly number[]): number {
  const before = endedChildrenCpuSeconds();
  const result = spawnSync('taskset', ['-c', String(MEASURED_CPU), ...command], {
    cwd: PROJECT,
    encoding: 'latin1',
    maxBuffer: 1e8,
  });
  if (!expected.includes(result.status ?? -1)) {
    throw new Error(`${command.join(' ')} ended with ${result.status}\n${result.stderr.slice(-2_000)}`);
  }
  return endedChildrenCpuSeconds() - before;
}

async function withClamd(clamd: Clamd, { folder }: Mail): Promise<number> {
  try {
    await clamd.ready();
    const before = treeCpuSeconds(clamd.pid);
    for (const name of readdirSync(folder)) {
      await clamd.scan(readFileSync(join(folder, name)));
    }
    return treeCpuSeconds(clamd.pid) - before;
  } finally {
    await clamd.stop();
  }
}

/** `postern scan` without what its start costs: what a scan of one tiny message takes is subtracted. */
function withPostern(rules: string, mail: Mail, start: Mail): number {
  // 2: the corpus has encrypted archives, which are unscannable by design
  const scan = (folders: readonly string[]) =>
    cpuOf([process.execPath, 'src/main.ts', 'scan', '--json', '--rules', rules, ...folders], [0, 1, 2]);
  const base = scan([start.folder]);
  return (scan(Array.from({ length: REPEATS }, () => mail.folder)) - base) / REPEATS;
}

/** What a thread of a running gateway takes: code that is compiled, and mail that it never saw. */
async function withRunning(rules: string, mail: Mail, warmUp: Mail): Promise<number> {
  const script = join(PROJECT, 'bench/running-scanner.ts');
  const folders = Array.from({ length: WARM_UP_PASSES }, () => warmUp.folder);
  const program = new PinnedProgram([process.execPath, script, rules, ...folders]);
  try {
    await program.answer();
    const before = treeCpuSeconds(program.pid);
    for (const name of readdirSync(mail.folder)) {
      const answer = program.answer();
      program.child.send(join(mail.folder, name));
      await answer;
    }
    return treeCpuSeconds(program.pid) - before;
  } finally {
    await program.stop();
  }
}

/** The yara command reads raw messages: it decodes nothing, so it finds nothing in base64. A floor, no rival. */
function withYara(rules: string, mail: Mail): number {
  return cpuOf(['yara', '-w', '-p', '1', rules, mail.folder], [0]);
}

function report(figures: Figures, contender: string, condition: string, mail: Mail, cpu: number): void {
  const figure = { measure: MEASURE, contender, condition };
  figures.add({ ...figure, what: 'rate', unit: 'msg/CPU-s' }, mail.count / cpu);
  figures.add({ ...figure, what: 'CPU', unit: 'CPU-s/GB' }, cpu / (mail.bytes / 1e9));
}

interface Corpus {
  readonly mail: Mail;
  /** Of the same kinds, no message the same. */
  readonly other: Mail;
  readonly start: Mail;
}

async function byRules(
  setting: Setting,
  counts: readonly number[],
  corpus: Corpus,
  figures: Figures,
): Promise<void> {
  const { mail, other, start } = corpus;
  for (const count of counts) {
    const folder = join(setting.folder, `scanners-${count}`);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const text = ruleCorpus(count);
    const rules = join(folder, 'rules.yar');
    writeFileSync(rules, text);
    const condition = `${count} rules`;
    for (const [name, mailOnly] of [
      ['clamd', false],
      ['clamd, mail decoding only', true],
    ] as const) {
      const place = join(folder, mailOnly ? 'mail-only' : 'default');
      const cpu = await withClamd(new Clamd(place, text, { mailOnly }), mail);
      report(figures, name, condition, mail, cpu);
    }
    report(figures, 'postern scan', condition, mail, withPostern(rules, mail, start));
    report(figures, 'postern, running', condition, mail, await withRunning(rules, mail, other));
    report(figures, 'yara command (raw bytes only)', condition, mail, withYara(rules, mail));
  }
}

function bySize(setting: Setting, start: Mail, figures: Figures): void {
  const rules = join(setting.folder, 'sizes.yar');
  writeFileSync(rules, ruleCorpus(RULES));
  for (const size of SIZES) {
    const mail = writeMail(join(setting.folder, `mail-${size}`), sizedMail(size).slice(0, countOf(size)));
    report(figures, 'postern scan', `${size / 1000} KB messages`, mail, withPostern(rules, mail, start));
  }
}

/** Messages per CPU second of scanners alone, with the same rules, and how that grows. */
export async function measureScanning(setting: Setting, figures: Figures): Promise<void> {
  const mail = writeMail(join(setting.folder, 'mail'), corpus(setting.scale.corpusShare));
  const other = writeMail(
    join(setting.folder, 'mail-other'),
    corpus(setting.scale.corpusShare, 'other mail'),
  );
  const start = writeMail(join(setting.folder, 'mail-start'), [Buffer.from('Subject: one\r\n\r\none\r\n')]);
  for (let round = 0; round < setting.scale.rounds; round += 1) {
    // growth is measured once, the comparison in every round
    const isWhole = round === 0 && setting.scale.name === 'full';
    await byRules(setting, isWhole ? RULE_COUNTS : [RULES], { mail, other, start }, figures);
    bySize(setting, start, figures);
  }
}
