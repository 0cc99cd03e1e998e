import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

async function ask(t: TestContext, answer: string, args: readonly string[] = []) {
  const server = createServer((request, response) => response.end(request.url === '/status' ? answer : ''));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  const port = String(typeof address === 'object' && address !== null ? address.port : 0);
  const io = new RecordedIo({ env: { POSTERN_UPSTREAM_HOST: 'x.example', POSTERN_ADMIN_PORT: port } });
  const code = await runCli(['status', ...args], io, new ScriptedRoof());
  return { code, out: io.output, err: io.errors };
}

const REASON = { id: 'monitor-mode', level: 'red', text: 'Monitor mode.', remedy: 'Set mode.' };

describe('postern status', () => {
  it('is 0 when it is green', async (t) => {
    const { code, out } = await ask(t, '{"level":"green","reasons":[]}');
    assert.deepEqual([code, out], [0, 'green\n']);
  });

  it('is 1 when it is red, and says why and what to do', async (t) => {
    const status = JSON.stringify({ level: 'red', reasons: [REASON] });
    const { code, out } = await ask(t, status);
    assert.deepEqual([code, out], [1, 'red\nred: Monitor mode. Set mode.\n']);
    assert.deepEqual(JSON.parse((await ask(t, status, ['--json'])).out), JSON.parse(status));
  });

  it('is 2 when what answers is not the gateway', async (t) => {
    const { code, err } = await ask(t, 'hello');
    assert.equal(code, 2);
    assert.match(err, /no status from 127\.0\.0\.1 port \d+ \(.+\): start the gateway, or name its/);
  });
});
