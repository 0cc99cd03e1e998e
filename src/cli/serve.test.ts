import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

// The log goes to standard output of the test process; `error` keeps it quiet.
const ENV = { POSTERN_UPSTREAM_HOST: 'mail.example.org', POSTERN_RULES: 'src', POSTERN_LOG_LEVEL: 'error' };

function serve(
  roof: ScriptedRoof,
  argv: readonly string[] = ['serve'],
  env: Readonly<Record<string, string>> = ENV,
) {
  const io = new RecordedIo({ env });
  return { io, running: runCli(argv, io, roof) };
}

async function started(roof: ScriptedRoof): Promise<void> {
  while (!roof.events.includes('started')) {
    await nextTurn();
  }
}

describe('postern serve', () => {
  it('is what runs without a command, until a signal, and then drains', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const roof = new ScriptedRoof();
      const { io, running } = serve(roof, []);
      await started(roof);
      assert.deepEqual(roof.events, ['started']);
      io.interrupt(signal);
      assert.equal(await running, 0);
      assert.deepEqual(roof.events, ['started', `stopped: ${signal}`]);
    }
  });

  it('reloads at SIGHUP and goes on', async () => {
    const roof = new ScriptedRoof();
    const { io, running } = serve(roof);
    await started(roof);
    await nextTurn();
    io.hangUp();
    assert.deepEqual(roof.events, ['started', 'reloaded: SIGHUP']);
    io.interrupt('SIGTERM');
    assert.equal(await running, 0);
  });

  it('ends at once on the second signal', async () => {
    const roof = new ScriptedRoof();
    const { io, running } = serve(roof);
    await started(roof);
    io.interrupt('SIGTERM');
    assert.deepEqual(io.exits, []);
    io.interrupt('SIGTERM');
    assert.deepEqual(io.exits, [2]);
    await running;
  });

  it('lives on after a rejection that nobody handled, drains after an exception that nobody caught', async () => {
    const roof = new ScriptedRoof();
    const env = { ...ENV, POSTERN_LOG_LEVEL: 'error' };
    const { io, running } = serve(roof, ['serve'], env);
    await started(roof);
    io.fault(new GatewayError('UPSTREAM_LOST', 'part of a test'), false);
    await nextTurn();
    assert.deepEqual(roof.events, ['started']);
    io.fault(new GatewayError('UPSTREAM_LOST', 'part of a test'), true);
    assert.equal(await running, 2);
    assert.deepEqual(roof.events, ['started', 'stopped: internal error']);
  });

  it('does not start with a configuration that is not valid', async () => {
    const roof = new ScriptedRoof();
    const { io, running } = serve(roof, ['--config', 'nowhere.yaml']);
    assert.equal(await running, 2);
    assert.match(io.errors, /^nowhere\.yaml: cannot be read/u);
    assert.deepEqual(roof.events, []);
  });

  it('says in a sentence why it cannot start', async () => {
    const roof = new ScriptedRoof();
    roof.failure = new GatewayError('LISTEN_FAILED', 'port 993 is taken');
    const { io, running } = serve(roof);
    assert.equal(await running, 2);
    assert.equal(io.errors, 'port 993 is taken\n');
  });
});
