import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-check-'));
after(() => rmSync(folder, { recursive: true }));

async function check(text: string, argv: readonly string[] = [], roof = new ScriptedRoof()) {
  const path = join(folder, 'gateway.yaml');
  writeFileSync(path, text);
  const io = new RecordedIo();
  const code = await runCli(['check', '--config', path, ...argv], io, roof);
  return { io, code, path, roof };
}

const VALID = `upstream: { host: mail.example.org, tls: { verify: false } }\nrules: ["${folder}"]\n`;

describe('postern check', () => {
  it('shows listeners, rules and warnings of what is valid', async () => {
    const { io, code, path, roof } = await check(VALID);
    assert.equal(code, 0);
    assert.match(io.output, /^warning: upstream\.tls\.verify is false/mu);
    assert.match(io.output, /^imaps +:: +585 +implicit$/mu);
    assert.match(io.output, /^7 rules, generation g1$/mu);
    assert.ok(io.output.endsWith(`${path} is valid\n`));
    assert.deepEqual(roof.events, ['closed']);
  });

  it('shows every problem with its place, and ends with 1', async () => {
    const { io, code, path } = await check('upstream: { host: a, prots: 1 }\nmode: x\n');
    assert.equal(code, 1);
    assert.ok(io.lines.includes(`${path}:1:22 upstream.prots: unknown key. Did you mean ports?`));
    assert.ok(io.lines.some((line) => line.startsWith(`${path}:2:7 mode: "x" is none of`)));
  });

  it('says the same as JSON', async () => {
    const good = await check(VALID, ['--json']);
    const result: unknown = JSON.parse(good.io.output);
    assert.ok(typeof result === 'object' && result !== null);
    assert.deepEqual(Object.keys(result), ['ok', 'config', 'problems', 'warnings', 'listeners', 'rules']);
    assert.deepEqual(
      [Reflect.get(result, 'ok'), Reflect.get(result, 'rules')],
      [true, { count: 7, generation: 'g1' }],
    );
    const bad = await check('mode: x\n', ['--json']);
    const problems: unknown = Reflect.get(JSON.parse(bad.io.output), 'problems');
    assert.ok(Array.isArray(problems) && problems.length === 2);
    assert.deepEqual(Object.keys(problems[0] ?? {}), ['where', 'key', 'what']);
    assert.equal(bad.code, 1);
  });

  it('shows what is wrong with a rule, and ends with 1', async () => {
    const roof = new ScriptedRoof();
    roof.failure = new GatewayError(
      'RULES_INVALID',
      'a.yar:3:5: syntax error\nb.yar:1:1: unknown identifier',
    );
    const { io, code } = await check(VALID, [], roof);
    assert.equal(code, 1);
    assert.match(io.output, /a\.yar:3:5: syntax error/u);
    assert.match(io.output, /b\.yar:1:1: unknown identifier/u);
    assert.match(io.output, /^2 problems in /mu);
  });

  it('ends with 2 when there is no file to check, as it says', async () => {
    const io = new RecordedIo();
    const path = join(folder, 'none.yaml');
    assert.equal(await runCli(['check', '--config', path], io, new ScriptedRoof()), 2);
    assert.ok(io.output.startsWith(`${path}: cannot be read`));
    const json = new RecordedIo();
    assert.equal(await runCli(['check', '--config', path, '--json'], json, new ScriptedRoof()), 2);
    assert.partialDeepStrictEqual(JSON.parse(json.output), { ok: false, problems: [{ where: path }] });
  });

  it('warns when it could not be recorded which message ended the process', async () => {
    const file = join(folder, 'no folder');
    writeFileSync(file, '');
    const bad = await check(`${VALID}quarantine: { path: "${file}/q" }\n`);
    assert.equal(bad.code, 0);
    assert.match(bad.io.output, /^warning: quarantine\.path: .* may end it again and again/mu);
    const good = await check(`${VALID}quarantine: { path: "${folder}/q" }\n`);
    assert.doesNotMatch(good.io.output, /quarantine/u);
  });

  it('takes the file that POSTERN_CONFIG names', async () => {
    const path = join(folder, 'other.yaml');
    writeFileSync(path, VALID);
    const io = new RecordedIo({ env: { POSTERN_CONFIG: path, POSTERN_IMAPS_PORTS: '1993' } });
    assert.equal(await runCli(['check'], io, new ScriptedRoof()), 0);
    assert.match(io.output, /^imaps +:: +1993 +implicit$/mu);
  });
});
