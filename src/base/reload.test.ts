import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from './log.ts';
import { ReloadRegistry } from './reload.ts';

describe('reload', () => {
  it('asks every part, also after one that keeps what it had, and says which', async () => {
    const registry = new ReloadRegistry(silentLogger);
    const asked: string[] = [];
    registry.add('rules', () => Promise.reject(new Error('bad rule')));
    registry.add('certificates', () => void asked.push('certificates'));
    assert.deepEqual(await registry.run('SIGHUP'), [
      { name: 'rules', ok: false, problem: 'bad rule' },
      { name: 'certificates', ok: true },
    ]);
    assert.deepEqual(asked, ['certificates']);
  });

  it('runs one reload after the other', async () => {
    const registry = new ReloadRegistry(silentLogger);
    const events: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    registry.add('slow', async () => {
      events.push('begin');
      await gate.promise;
      events.push('end');
    });
    const both = [registry.run('one'), registry.run('two')];
    gate.resolve(undefined);
    await Promise.all(both);
    assert.deepEqual(events, ['begin', 'end', 'begin', 'end']);
  });
});
