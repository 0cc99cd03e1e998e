import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mimeBombs } from '../corpus/bombs.ts';
import { eicar } from '../corpus/eicar.ts';
import { lookalikes } from '../corpus/lookalikes.ts';
import { MARKED, mailWith, type Technique } from '../corpus/technique.ts';
import { techniques } from '../corpus/techniques.ts';
import { runScan, type ScanOutcome } from './harness/scan-command.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';

const FIELDS = ['file', 'verdict', 'cause', 'findings', 'sha256', 'bytes', 'pieces', 'ms'];
const FINDING_FIELDS = ['engine', 'rule', 'namespace', 'class', 'part'];
/** The promise of the product for one message. */
const MAX_MS = 10_000;

/** One case of every row: what a user would be shown. */
function samples(): Technique[] {
  const rows = Map.groupBy(techniques(), ({ section, row }) => `${section}/${row}`);
  return [...rows.values()].flatMap((cases) => cases.filter(({ isSealed }) => !isSealed).slice(0, 1));
}

function assertShape({ results }: ScanOutcome, messages: readonly Buffer[]): void {
  assert.equal(results.length, messages.length);
  for (const line of results) {
    assert.deepEqual(Object.keys(line), FIELDS);
    const message = messages[Number(/(\d+)\.eml$/u.exec(line.file)?.[1])];
    assert.ok(message !== undefined, line.file);
    assert.equal(line.sha256, createHash('sha256').update(message).digest('hex'));
    assert.equal(line.bytes, message.length);
    assert.equal(line.cause === null, line.verdict !== 'unscannable');
    assert.ok(line.pieces >= 1 && line.ms >= 0 && line.ms < MAX_MS, `${line.file}: ${line.ms} ms`);
    assert.ok(line.findings.every((finding) => Object.keys(finding).join() === FINDING_FIELDS.join()));
  }
}

describe('npm run --silent postern -- scan --json', () => {
  const cleanup = new Cleanup();
  let folder = '';
  let rules = '';

  async function write(kind: string, messages: readonly Buffer[]): Promise<string> {
    const path = join(folder, kind);
    await mkdir(path);
    await Promise.all(messages.map((bytes, index) => writeFile(join(path, `${index}.eml`), bytes)));
    return path;
  }

  before(async () => {
    folder = await scratchFolder('scan-cli');
    cleanup.add(() => removeFolder(folder));
    rules = join(folder, 'marker.yar');
    const hex = Buffer.from(MARKED).toString('hex');
    await writeFile(rules, `rule Marker { strings: $a = { ${hex} } condition: $a }\n`);
  });
  after(() => cleanup.run());

  it('ends with 0 for legal mail, one line each and nothing else on standard output', async () => {
    const messages = lookalikes().map(({ message }) => message);
    const outcome = await runScan([await write('clean', messages)]);
    assertShape(outcome, messages);
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.ok(outcome.results.every(({ verdict }) => verdict === 'clean'));
  });

  it('ends with 1 and names the rule and the part for a case of every technique, with --rules', async (t) => {
    const cases = samples();
    const messages = cases.map(({ message }) => message(MARKED));
    const outcome = await runScan(['--rules', rules, await write('evasions', messages)]);
    assertShape(outcome, messages);
    assert.equal(outcome.code, 1, outcome.stderr);
    const missed = outcome.results.filter(({ findings }) => findings.every(({ rule }) => rule !== 'Marker'));
    t.diagnostic(`${messages.length} messages, ${missed.length} missed`);
    assert.deepEqual(
      missed.map(({ file }) => cases[Number(/(\d+)\.eml$/u.exec(file)?.[1])]?.name),
      [],
    );
  });

  it('finds the test file with the starter rules, from standard input as well', async () => {
    const message = mailWith('a.com', eicar());
    const outcome = await runScan(['-'], { stdin: message });
    assert.deepEqual(
      [outcome.code, outcome.results[0]?.file, outcome.results[0]?.verdict],
      [1, '-', 'malicious'],
    );
    assert.equal(outcome.results[0]?.findings[0]?.rule, 'Eicar_Test_File');
  });

  it('ends with 2 for what cannot be judged, and for a file that is not there', async () => {
    const messages = mimeBombs().map(({ make }) => make());
    const outcome = await runScan([await write('bombs', messages)]);
    assertShape(outcome, messages);
    assert.equal(outcome.code, 2);
    assert.ok(outcome.results.every(({ verdict }) => verdict === 'unscannable'));
    const absent = await runScan([join(folder, 'absent.eml')]);
    assert.equal(absent.code, 2);
    assert.match(absent.stderr, /absent\.eml/u);
  });
});
