import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';
import { selftestMessages } from './selftest-messages.ts';
import { formatTable, printable } from './terminal-text.ts';

const NAMES = ['serve', 'demo', 'check', 'scan', 'selftest', 'quarantine'];

async function run(...argv: readonly string[]) {
  const io = new RecordedIo();
  return { code: await runCli(argv, io, new ScriptedRoof()), io };
}

/** The program itself, as npm starts it. */
const postern = (argv: readonly string[], input = '') =>
  spawnSync(process.execPath, ['src/main.ts', ...argv], { encoding: 'utf8', timeout: 60_000, input });

describe('the command line', () => {
  it('lists the commands', async () => {
    for (const word of ['--help', '-h', 'help']) {
      const { code, io } = await run(word);
      assert.equal(code, 0);
      for (const name of NAMES) {
        assert.match(io.output, new RegExp(`^ {2}${name} `, 'mu'));
      }
    }
  });

  it('has help for every command, no wider than 110 columns, and runs nothing for it', async () => {
    for (const name of NAMES) {
      const { code, io } = await run(name, '--help');
      assert.equal(code, 0);
      assert.match(io.output, /^Usage: /u);
      assert.deepEqual(
        io.lines.filter((line) => line.length > 110),
        [],
      );
    }
  });

  it('says what is wrong in one line and ends with 2', async () => {
    for (const argv of [
      ['frobnicate'],
      ['scan', '--frob', 'x'],
      ['check', 'x'],
      ['scan'],
      ['serve', '--config'],
    ]) {
      const { code, io } = await run(...argv);
      assert.equal(code, 2);
      assert.match(io.errors, /^postern: [^\n]+\n$/u);
      assert.equal(io.output, '');
    }
  });

  it('runs as a program: exit code, streams, no stack for what the user can correct', () => {
    const version = postern(['--version']);
    assert.deepEqual([version.status, version.stderr], [0, '']);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/u);
    const invalid = postern(['serve', '--config', 'nowhere.yaml']);
    assert.deepEqual([invalid.status, invalid.stdout], [2, '']);
    assert.match(invalid.stderr, /^nowhere\.yaml: cannot be read [^\n]+\n$/u);
  });

  it('scans with the real rules and threads as a program', () => {
    const [clean, ...infected] = selftestMessages();
    const found = postern(['scan', '--json', '-'], infected.at(-1)?.text);
    assert.deepEqual([found.status, found.stderr], [1, '']);
    assert.match(
      found.stdout,
      /^\{"file":"-","verdict":"malicious","cause":null,"findings":\[\{"engine":"yara",/u,
    );
    const passed = postern(['scan', '--json', '-'], clean?.text);
    assert.deepEqual([passed.status, passed.stderr], [0, '']);
  });

  it('scans with the rules of the product where the working directory has none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-cli-'));
    try {
      const input = selftestMessages().at(-1)?.text ?? '';
      const main = join(import.meta.dirname, '../main.ts');
      const options = { encoding: 'utf8', timeout: 60_000, cwd: folder } as const;
      const { status, stderr } = spawnSync(process.execPath, [main, 'scan', '-'], { ...options, input });
      assert.deepEqual([status, stderr.includes('malicious')], [1, true]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says what is wrong with a rule with file, line and column', () => {
    const { status, stdout, stderr } = postern(['scan', '--rules', 'package.json', '-'], '');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^package\.json:\d+:\d+: [^\n]+\n/u);
  });
});

/** Says the name and the niceness of every thread at the end. */
const THREADS = `
  import { readdirSync, readFileSync } from 'node:fs';
  process.on('exit', () => {
    for (const thread of readdirSync('/proc/self/task')) {
      const stat = readFileSync('/proc/self/task/' + thread + '/stat', 'latin1');
      const niceness = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16];
      console.log('thread ' + stat.slice(stat.indexOf('('), stat.lastIndexOf(')') + 1) + ' ' + niceness);
    }
  });`;

function nicenessWith(...argv: readonly string[]): Set<number> {
  const watch = ['--import', `data:text/javascript,${encodeURIComponent(THREADS)}`];
  const { stdout } = spawnSync(process.execPath, [...watch, 'src/main.ts', ...argv], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return new Set(Array.from(stdout.matchAll(/^thread \(V8Worker\) (-?\d+)$/gmu), ([, nice]) => Number(nice)));
}

describe('the threads with which V8 compiles and collects', () => {
  it('give way to the event loop of a gateway, and to that of no other command', () => {
    const own = getPriority();
    const lowered = Math.min(19, own + 5);
    for (const argv of [['serve', '--help'], ['--config', 'none.yaml'], ['--help']]) {
      assert.deepEqual(nicenessWith(...argv), new Set([lowered]), argv.join(' '));
    }
    assert.deepEqual(nicenessWith('scan', '--help'), new Set([own]));
  });

  it('know every flag that they are given', () => {
    for (const argv of [['serve', '--help'], ['scan', '--help'], ['--version']]) {
      assert.equal(postern(argv).stderr, '', argv.join(' '));
    }
  });
});

describe('terminal text', () => {
  it('makes characters visible that steer a terminal or hide themselves', () => {
    assert.equal(printable('a\u001b[1m\r\n\u202E\u0000é文'), 'a\\u{1b}[1m\\u{d}\\u{a}\\u{202e}\\u{0}é文');
  });

  it('aligns the columns of a table', () => {
    const columns = [{ title: 'A' }, { title: 'N', align: 'right' }, { title: 'B' }] as const;
    assert.equal(
      formatTable(columns, [
        ['xx', '1', 'y'],
        ['x', '10', ''],
      ]),
      'A    N  B\nxx   1  y\nx   10\n',
    );
  });
});
