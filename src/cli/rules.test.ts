import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

const RULES = `private rule helper { strings: $a = "POSTERN-ONE" condition: $a }
rule one { condition: helper }
rule two { strings: $b = "POSTERN-TWO" condition: $b }`;
const mail = (text: string): string => `Subject: x\r\nContent-Type: text/plain\r\n\r\n${text}\r\n`;

async function run(...argv: readonly string[]) {
  const io = new RecordedIo({ env: {} });
  return { io, code: await runCli(['rules', ...argv], io, new ScriptedRoof()) };
}
const parse = (io: RecordedIo) => io.lines.map((line): Record<string, unknown> => JSON.parse(line));

describe('postern rules', () => {
  let folder: string;
  let rules: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-rules-'));
    rules = join(folder, 'set.yar');
    await writeFile(rules, RULES);
    await writeFile(join(folder, 'a.eml'), mail('has POSTERN-ONE'));
    await writeFile(join(folder, 'b.eml'), mail('has nothing'));
  });
  after(async () => await rm(folder, { recursive: true }));

  it('lists rules with file and line', async () => {
    const { io, code } = await run('list', '--rules', rules, '--json');
    assert.equal(code, 0);
    assert.deepEqual(parse(io), [
      { namespace: 'set', rule: 'helper', file: rules, line: 1, private: true },
      { namespace: 'set', rule: 'one', file: rules, line: 2, private: false },
      { namespace: 'set', rule: 'two', file: rules, line: 3, private: false },
    ]);
  });

  it('tells how often each rule matched and what it costs', async () => {
    const messages = [join(folder, 'a.eml'), join(folder, 'b.eml')];
    const { io, code } = await run('test', '--rules', rules, '--json', ...messages);
    assert.equal(code, 0);
    const results = parse(io).toSorted((a, b) => (String(a['rule']) < String(b['rule']) ? -1 : 1));
    assert.deepEqual(
      results.map(({ rule, line, messages: count }) => [rule, line, count]),
      [
        ['one', 2, 1],
        ['two', 3, 0],
      ],
    );
    assert.ok(results.every(({ msPerMb }) => typeof msPerMb === 'number'));
  });

  it('says what it cannot read and goes on', async () => {
    const { io, code } = await run('test', '--rules', rules, join(folder, 'gone.eml'), join(folder, 'a.eml'));
    assert.equal(code, 2);
    assert.match(io.errors, /gone\.eml: does not exist/);
    assert.match(io.output, /set\/one +1/);
  });

  it('names file, line and column of a broken rule', async () => {
    const broken = join(folder, 'broken.yar');
    await writeFile(broken, 'rule a {\n  condition: nonsense\n}');
    const { io, code } = await run('test', '--rules', broken, join(folder, 'a.eml'));
    assert.equal(code, 2);
    assert.match(io.errors, /broken\.yar:2:\d+: E\d+/);
  });

  it('explains itself when it is not told what to do', async () => {
    const { io, code } = await run('count');
    assert.equal(code, 2);
    assert.match(io.errors, /say list or test/);
  });
});
