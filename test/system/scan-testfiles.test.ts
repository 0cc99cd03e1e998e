import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mailWith } from '../corpus/technique.ts';
import { runScan, type ScanLine } from './harness/scan-command.ts';
import { Cleanup, removeFolder, scratchFolder } from './harness/scratch.ts';

/** Debian's package clamav-testfiles: one harmless program in 44 containers. */
const TESTFILES = '/usr/share/clamav-testfiles';
const COUNT = 44;

/** Programs whose own packers no reader of ours undoes; docs/SCANNING.md says why. */
const NOT_OPENED: ReadonlySet<string> = new Set([
  'clam-aspack.exe',
  'clam-mew.exe',
  'clam-pespin.exe',
  'clam-petite.exe',
  'clam-upack.exe',
  'clam-upx.exe',
  'clam-wwpack.exe',
  'clam-yc.exe',
  'clam.ea05.exe',
  'clam.ea06.exe',
]);

/** The program's code, which stands where other programs have their DOS stub. */
async function ruleOf(): Promise<string> {
  const program = await readFile(join(TESTFILES, 'clam.exe'));
  const code = program.subarray(0x40, 0x40 + 48);
  assert.ok(new Set(code).size > 16, 'the string is no padding');
  return `rule Clam_Program { strings: $a = { ${code.toString('hex')} } condition: $a }\n`;
}

describe("Debian's clamav-testfiles, attached to mail", () => {
  const cleanup = new Cleanup();
  const lines = new Map<string, ScanLine>();
  let names: readonly string[] = [];

  before(async () => {
    const folder = await scratchFolder('testfiles');
    cleanup.add(() => removeFolder(folder));
    const mail = join(folder, 'mail');
    await mkdir(mail);
    names = (await readdir(TESTFILES)).sort();
    for (const name of names) {
      await writeFile(join(mail, `${name}.eml`), mailWith(name, await readFile(join(TESTFILES, name))));
    }
    const rules = join(folder, 'clam.yar');
    await writeFile(rules, await ruleOf());
    const { code, results } = await runScan(['--rules', rules, mail]);
    assert.equal(code, 1);
    for (const line of results) {
      lines.set(line.file.slice(mail.length + 1, -'.eml'.length), line);
    }
  });
  after(() => cleanup.run());

  it('all are there and each has a line', () => {
    assert.equal(names.length, COUNT);
    assert.deepEqual([...lines.keys()].sort(), names);
  });

  it('at least 31 are matched by a rule on the program inside', (t) => {
    const matched = [...lines.values()].filter(({ findings }) =>
      findings.some(({ rule }) => rule === 'Clam_Program'),
    );
    t.diagnostic(`matched ${matched.length} of ${names.length}`);
    assert.ok(matched.length >= 31);
  });

  it('the others are exactly those that the documentation names', async () => {
    const missed = [...lines].filter(([, { findings }]) =>
      findings.every(({ rule }) => rule !== 'Clam_Program'),
    );
    assert.deepEqual(
      missed.map(([name]) => name),
      [...NOT_OPENED].sort(),
    );
    const page = await readFile(join(import.meta.dirname, '../../docs/SCANNING.md'), 'utf8');
    for (const name of NOT_OPENED) {
      assert.ok(page.includes(`\`${name}\``), `docs/SCANNING.md does not name ${name}`);
    }
  });
});
