import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadRules } from '../../src/rules/rule-loader.ts';
import { eicar } from '../corpus/eicar.ts';
import { selfSigned } from './harness/certificate.ts';
import { Gateway } from './harness/gateway.ts';
import { removeFolder, scratchFolder } from './harness/scratch.ts';
import { freePorts } from './harness/free-ports.ts';
import { eventually } from './harness/wait.ts';

/** The promise is ten seconds; other test processes use the same two cores. */
const LIVE_MS = 30_000;
const EICAR_HEX = eicar().toString('hex');
const EICAR_RULE = `rule eicar { strings: $a = { ${EICAR_HEX} } condition: $a }\n`;

describe('rules of a running gateway', () => {
  let folder: string;
  let gateway: Gateway;

  before(async () => {
    folder = await scratchFolder('rules');
    await writeFile(join(folder, 'eicar.yar'), EICAR_RULE);
    const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0] = await freePorts(4);
    const server = { ports: { imap, imaps, pop3, pop3s }, certificate: await selfSigned(folder) };
    gateway = await Gateway.start(server, {
      env: { POSTERN_RULES: folder, POSTERN_RULE_UPDATES_CHECK_MS: '500', POSTERN_SCAN_WORKERS: '1' },
    });
  });
  after(async () => {
    await gateway.stop();
    await removeFolder(folder);
  });

  const text = async (path: string): Promise<string> => await (await fetch(`${gateway.admin}${path}`)).text();

  /** Resolves when `path` of the administration port shows `expected`. */
  async function shows(path: string, expected: string): Promise<void> {
    await eventually(
      `${path} shows ${expected}`,
      LIVE_MS,
      async () => ((await text(path)).includes(expected) ? true : undefined),
      () => gateway.output,
    );
  }

  async function judging(): Promise<string> {
    return `postern_rules_info{generation="${(await loadRules([folder])).generation}"} 1`;
  }

  it('are replaced when a file is written, without a restart', async () => {
    const before = await judging();
    await shows('/metrics', before);
    await writeFile(join(folder, 'more.yar'), 'rule more { condition: false }\n');
    await shows('/metrics', await judging());
    assert.ok(!(await text('/metrics')).includes(before));
    await shows('/metrics', 'postern_rules_loaded 2');
  });

  const bad: readonly (readonly [string, string, string])[] = [
    ['broken', 'rule bad { condition: nonsense }\n', 'bad.yar:1'],
    ['slow', 'rule bad { strings: $a = /a.*b.*c/s condition: $a }\n', 'E018'],
    ['too broad', 'rule bad { strings: $a = "Subject" condition: $a }\n', 'calls ordinary mail malicious'],
  ];
  for (const [what, source, problem] of bad) {
    it(`stay when the new ones are ${what}, and say so`, async () => {
      const inUse = await judging();
      await writeFile(join(folder, 'bad.yar'), source);
      await shows('/readyz', problem);
      const metrics = await text('/metrics');
      assert.ok(metrics.includes(inUse));
      assert.match(metrics, /^postern_rules_stale 1$/m);
      assert.equal((await fetch(`${gateway.admin}/readyz`)).status, 200);
      await rm(join(folder, 'bad.yar'));
      await shows('/metrics', 'postern_rules_stale 0');
    });
  }

  it('are read anew at SIGHUP, with the certificates', async () => {
    process.kill(gateway.pid, 'SIGHUP');
    await eventually('the log tells', LIVE_MS, () =>
      gateway.output.includes('"reloaded"') ? true : undefined,
    );
    assert.match(gateway.output, /"name":"certificates","ok":true/);
  });
});
