import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { after, describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof, ScriptedScanner } from './scripted-roof.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-scan-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const CLEAN = file('kinds/clean.eml', 'Subject: a\r\n\r\nhello\r\n');
const MALICIOUS = file('kinds/malicious.eml', 'verdict=malicious');
const SUSPICIOUS = file('kinds/suspicious.eml', 'verdict=suspicious');
const UNSCANNABLE = file('kinds/unscannable.eml', 'verdict=unscannable');
const MISSING = join(folder, 'missing.eml');

async function scan(argv: readonly string[], options: ConstructorParameters<typeof RecordedIo>[0] = {}) {
  const io = new RecordedIo(options);
  const roof = new ScriptedRoof();
  const code = await runCli(['scan', ...argv], io, roof);
  return { io, roof, code };
}

function parseLines(io: RecordedIo): Record<string, unknown>[] {
  return io.lines.map((line) => JSON.parse(line));
}

async function* stream(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield Buffer.from(chunk);
  }
}

describe('postern scan', () => {
  it('prints one JSON object per message with exactly the promised fields', async () => {
    const { io } = await scan(['--json', MALICIOUS]);
    assert.equal(io.lines.length, 1);
    const [line] = parseLines(io);
    assert.deepEqual(Object.keys(line ?? {}), [
      'file',
      'verdict',
      'cause',
      'findings',
      'sha256',
      'bytes',
      'pieces',
      'ms',
    ]);
    const { sha256, ...rest } = line ?? {};
    assert.match(String(sha256), /^[0-9a-f]{64}$/u);
    assert.deepEqual(rest, {
      file: MALICIOUS,
      verdict: 'malicious',
      cause: null,
      findings: [
        { engine: 'test', rule: 'malicious_marker', namespace: 'ns', class: 'malicious', part: '2/a.zip' },
      ],
      bytes: 17,
      pieces: 3,
      ms: 3.012,
    });
  });

  it('names the cause of what could not be judged', async () => {
    const { io } = await scan(['--json', UNSCANNABLE]);
    assert.equal(parseLines(io)[0]?.['cause'], 'bomb');
  });

  const codes: readonly (readonly [string, readonly string[], number])[] = [
    ['all clean', [CLEAN, CLEAN], 0],
    ['something malicious', [CLEAN, MALICIOUS], 1],
    ['something suspicious', [SUSPICIOUS, CLEAN], 1],
    ['something unscannable', [UNSCANNABLE, CLEAN], 2],
    ['malicious beside unscannable', [UNSCANNABLE, MALICIOUS], 1],
    ['an error beside malicious', [MALICIOUS, MISSING], 2],
  ];
  for (const [name, paths, expected] of codes) {
    it(`ends with ${expected}: ${name}`, async () => {
      assert.equal((await scan(['--json', ...paths])).code, expected);
      assert.equal((await scan(paths)).code, expected);
    });
  }

  it('reads folders recursively and in order, and follows no links', async () => {
    const tree = join(folder, 'tree');
    for (const name of ['b.eml', 'a/2.eml', 'a/1.eml', 'a/deep/er/x']) {
      file(join('tree', name), 'hello');
    }
    symlinkSync(tree, join(tree, 'a', 'loop'));
    symlinkSync(MALICIOUS, join(tree, 'linked.eml'));
    const { io, code } = await scan(['--json', tree]);
    assert.deepEqual(
      parseLines(io).map((line) => line['file']),
      ['a/1.eml', 'a/2.eml', 'a/deep/er/x', 'b.eml'].map((name) => join(tree, name)),
    );
    assert.equal(code, 0);
  });

  it('keeps the order of the inputs over many messages', async () => {
    const names = Array.from({ length: 50 }, (_, index) =>
      file(`many/${String(index).padStart(2, '0')}`, `${index}`),
    );
    const { io, roof } = await scan(['--json', join(folder, 'many')]);
    assert.deepEqual(
      parseLines(io).map((line) => line['file']),
      names,
    );
    assert.equal(roof.scanner.seen.length, 50);
  });

  it('goes on with what comes next while one message takes its time', async () => {
    const slow = file('slow/00.eml', 'verdict=never');
    const others = Array.from({ length: 40 }, (_, index) => file(`slow/${index + 10}.eml`, `${index}`));
    const io = new RecordedIo();
    const scanner = new ScriptedScanner();
    const running = runCli(['scan', '--json', join(folder, 'slow')], io, new ScriptedRoof(scanner));
    while (scanner.seen.length <= others.length) {
      await nextTurn();
    }
    assert.deepEqual(io.lines, [], 'in order: nothing before the slow one');
    io.interrupt();
    assert.equal(await running, 2);
    const printed = parseLines(io).map((line) => String(line['file']));
    assert.ok(!printed.includes(slow));
    assert.ok(
      printed.length >= others.length - 1 && printed.every((name) => others.includes(name)),
      printed.join(),
    );
  });

  it('reads one message from standard input', async () => {
    const { io, code } = await scan(['--json', '-'], { stdin: stream('verdict=', 'malicious') });
    assert.deepEqual([parseLines(io)[0]?.['file'], parseLines(io)[0]?.['bytes'], code], ['-', 17, 1]);
  });

  it('takes standard input at its limit and refuses one byte more', async () => {
    const env = { POSTERN_LIMITS_MAX_LITERAL_BYTES: '10', POSTERN_LIMITS_MAX_MESSAGE_BYTES: '10' };
    assert.equal((await scan(['-'], { env, stdin: stream('01234', '56789') })).code, 0);
    const { code, io } = await scan(['-'], { env, stdin: stream('01234', '56789', 'x') });
    assert.equal(code, 2);
    assert.match(io.errors, /^-: is larger than 10 bytes/mu);
  });

  it('gives small files to the threads in memory and large ones as a descriptor, with the same bytes', async () => {
    const text = `verdict=malicious ${'x'.repeat(100)}`;
    const path = file('size.eml', text);
    const seen = async (limit: number) => {
      const { roof, io } = await scan(['--json', path], {
        env: { POSTERN_LIMITS_SPOOL_MEMORY_BYTES: String(limit) },
      });
      return [roof.scanner.seen[0]?.message.kind, parseLines(io)[0]?.['verdict']];
    };
    assert.deepEqual(await seen(text.length), ['memory', 'malicious']);
    assert.deepEqual(await seen(text.length - 1), ['file', 'malicious']);
  });

  it('reports what it cannot read in a sentence, goes on, and ends with 2', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const { io, code } = await scan(['--json', MISSING, empty, CLEAN]);
    assert.equal(code, 2);
    assert.equal(io.lines.length, 1);
    assert.equal(io.errors, `${MISSING}: does not exist\n${empty}: holds no files\n`);
  });

  it('uses the rules of the command line instead of the configured ones', async () => {
    const { roof } = await scan(['--rules', 'a.yar', '--rules', 'b', CLEAN]);
    assert.deepEqual(roof.rules, [['a.yar', 'b']]);
    assert.deepEqual((await scan([CLEAN])).roof.rules, [['config/rules']]);
  });

  it('wants verdicts, and nothing proven that would have to be overwritten', async () => {
    assert.deepEqual((await scan([CLEAN])).roof.uses, [{ verdictsOnly: true }]);
  });

  it('starts one thread for one message, and as many as are configured for more', async () => {
    const many = { env: { POSTERN_SCAN_WORKERS: '3' } };
    const single = [[CLEAN], ['-']];
    const several = [[CLEAN, CLEAN], [join(folder, 'kinds')], [MISSING]];
    for (const paths of single) {
      assert.deepEqual((await scan(paths, { ...many, stdin: stream('hello') })).roof.workers, [1]);
    }
    for (const paths of several) {
      assert.deepEqual((await scan(paths, many)).roof.workers, [3]);
    }
  });

  it('says what is wrong with a rule, without a stack', async () => {
    const io = new RecordedIo();
    const roof = new ScriptedRoof();
    roof.failure = new GatewayError('RULES_INVALID', 'a.yar:3:5: syntax error');
    assert.equal(await runCli(['scan', CLEAN], io, roof), 2);
    assert.equal(io.errors, 'a.yar:3:5: syntax error\n');
  });

  it('prints an aligned table, findings below their message, and a summary on standard error', async () => {
    const { io } = await scan([CLEAN, MALICIOUS, UNSCANNABLE]);
    const at = io.lines[0]?.indexOf('FILE');
    assert.deepEqual(
      io.lines.filter((line) => !line.startsWith(' ')).map((line) => line.slice(at)),
      ['FILE', CLEAN, MALICIOUS, UNSCANNABLE],
    );
    assert.ok(io.lines.includes('    malicious test ns/malicious_marker in 2/a.zip'));
    assert.ok(io.lines.includes('    too much of it'));
    assert.match(io.errors, /^3 messages \(1 clean, 1 malicious, 1 unscannable\), /u);
  });

  it('writes no control characters of a file name to the terminal', async () => {
    const path = file('evil\u001b[2J\r\u202Ename', 'hello');
    const { io } = await scan([path, `${MISSING}\u001b]0;x`]);
    assert.ok(!/[^\n\P{C}]/u.test(io.output + io.errors), JSON.stringify(io.output + io.errors));
  });

  it('closes the scanner whatever happened', async () => {
    const { roof } = await scan([MISSING]);
    assert.deepEqual(roof.events, ['closed']);
  });

  it('leaves what was done printed on Ctrl-C, ends with 2, and a second Ctrl-C ends at once', async () => {
    const never = file('never.eml', 'verdict=never');
    const io = new RecordedIo();
    const scanner = new ScriptedScanner();
    const running = runCli(['scan', '--json', CLEAN, never, MALICIOUS], io, new ScriptedRoof(scanner));
    while (scanner.seen.length < 2 || io.lines.length < 1) {
      await nextTurn();
    }
    io.interrupt();
    io.interrupt();
    assert.equal(await running, 2);
    assert.equal(parseLines(io)[0]?.['file'], CLEAN);
    assert.ok(!io.lines.some((line) => line.includes('never.eml')));
    assert.deepEqual(io.exits, [2]);
    assert.equal(io.isListening, false);
  });

  it('ends on Ctrl-C while every thread is busy', async () => {
    const names = Array.from({ length: 200 }, (_, index) => file(`stuck/${index}.eml`, 'verdict=never'));
    const io = new RecordedIo();
    const scanner = new ScriptedScanner();
    const running = runCli(['scan', join(folder, 'stuck')], io, new ScriptedRoof(scanner));
    while (scanner.seen.length === 0) {
      await nextTurn();
    }
    io.interrupt();
    assert.equal(await running, 2);
    assert.ok(scanner.seen.length < names.length);
  });

  it('ends on Ctrl-C while standard input says nothing', async () => {
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    const io = new RecordedIo({ stdin: silent });
    const running = runCli(['scan', '-'], io, new ScriptedRoof());
    while (!io.isListening) {
      await nextTurn();
    }
    io.interrupt();
    assert.equal(await running, 2);
  });
});
