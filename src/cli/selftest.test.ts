import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { createAdminServer } from '../admin/admin-server.ts';
import { silentLogger } from '../base/log.ts';
import type { Verdict } from '../scan/verdict.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof, ScriptedScanner } from './scripted-roof.ts';
import { selftestMessages } from './selftest-messages.ts';

const MALICIOUS: Verdict = { kind: 'malicious', findings: [] };
const CLEAN: Verdict = { kind: 'clean' };

/** Sees the test file in the clear and in base64, as a scanner would. */
function judge(text: string): Verdict {
  const decoded = text.replaceAll(/[A-Za-z0-9+/=]{60,}/gu, (run) =>
    Buffer.from(run, 'base64').toString('latin1'),
  );
  return decoded.includes(['EICAR', 'STANDARD'].join('-')) ? MALICIOUS : CLEAN;
}

async function selftest(scanner: ScriptedScanner, argv: readonly string[] = []) {
  const io = new RecordedIo();
  const roof = new ScriptedRoof(scanner);
  const code = await runCli(['selftest', ...argv], io, roof);
  return { io, code, roof };
}

async function withGateway(ok: boolean, run: (url: string) => Promise<void>): Promise<void> {
  const server = createAdminServer({
    address: '127.0.0.1',
    port: 0,
    registry: new Registry(),
    readiness: async () => [{ name: 'workers', ok, detail: 'warm' }],
    log: silentLogger,
  });
  const { port } = await server.start();
  try {
    await run(`http://127.0.0.1:${port}`);
  } finally {
    await server.stop();
  }
}

describe('postern selftest', () => {
  it('passes when EICAR is found everywhere, removed, and clean mail is left alone', async () => {
    const { io, code, roof } = await selftest(new ScriptedScanner(judge));
    assert.equal(code, 0, io.output);
    const infected = selftestMessages().filter((message) => message.infected).length;
    assert.ok(infected >= 3);
    assert.equal(io.lines.length, 1 + selftestMessages().length + infected);
    assert.deepEqual(roof.events, ['closed']);
  });

  it('fails when nothing is found, when everything is, and when nothing can be judged', async () => {
    const unscannable: Verdict = { kind: 'unscannable', cause: 'engine-failed', findings: [] };
    for (const verdict of [CLEAN, MALICIOUS, unscannable]) {
      const { io, code } = await selftest(new ScriptedScanner(() => verdict), ['--json']);
      assert.equal(code, 1);
      assert.ok(io.lines.some((line) => JSON.parse(line).ok === false));
    }
  });

  it('fails when what was neutralised is still infected', async () => {
    class Useless extends ScriptedScanner {
      override async neutralise() {
        return [];
      }
    }
    assert.equal((await selftest(new Useless(judge))).code, 1);
  });

  it('asks a running gateway whether it is ready', async () => {
    await withGateway(true, async (url) => {
      const { io, code } = await selftest(new ScriptedScanner(judge), ['--url', url, '--json']);
      assert.equal(code, 0);
      assert.ok(io.lines.includes('{"step":"gateway: workers","ok":true,"detail":"warm"}'));
    });
    await withGateway(false, async (url) => {
      assert.equal((await selftest(new ScriptedScanner(judge), ['--url', url])).code, 1);
    });
  });

  it('fails when no gateway answers, and refuses what is no URL', async () => {
    let gone = '';
    await withGateway(true, async (url) => {
      gone = url;
    });
    const { io, code } = await selftest(new ScriptedScanner(judge), ['--url', gone]);
    assert.equal(code, 1);
    assert.match(io.output, /FAILED +gateway: ready/u);
    assert.equal((await selftest(new ScriptedScanner(judge), ['--url', 'localhost'])).code, 2);
  });
});
