import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { configSchema } from '../base/config/schema.ts';
import { Policies } from './policy/policies.ts';
import { ProtectionSwitches, SWITCH_NAMES } from './protection-switches.ts';

const parse = (config: object = {}) => configSchema.parse({ upstream: { host: 'mail.example' }, ...config });

function switches(config: object = {}) {
  const clock = new FakeClock();
  return { clock, all: new ProtectionSwitches(parse(config), clock) };
}

const off = { isOn: false, actor: 'user:ann', reason: 'test', until: undefined };

describe('protection switches', () => {
  it('say what the configuration says until somebody switches', () => {
    const { all } = switches({ protocols: { pop3: false }, mode: 'monitor' });
    assert.deepEqual(
      all.list().map(({ name, isOn, change }) => [name, isOn, change]),
      SWITCH_NAMES.map((name) => [name, name !== 'pop3' && name !== 'mode', undefined]),
    );
  });

  it('change the configuration that the gateway reads, at once', () => {
    const { all } = switches();
    const { config } = all;
    for (const name of SWITCH_NAMES) all.set(name, off);
    const { protection, mode, protocols, tlsFilter } = config;
    assert.deepEqual([protection, mode, tlsFilter.enabled], [false, 'monitor', false]);
    assert.deepEqual(protocols, { imap: false, imaps: false, pop3: false, pop3s: false });
    assert.equal(config.upstream.host, 'mail.example');
  });

  it('end by themselves at their time, and say so once', () => {
    const { all, clock } = switches();
    all.set('protection', { ...off, until: clock.now() + 1_000 });
    clock.advance(999);
    assert.equal(all.isOn('protection'), false);
    assert.deepEqual(all.takeEnded(), []);
    clock.advance(1);
    assert.equal(all.isOn('protection'), true);
    assert.equal(all.list()[0]?.change, undefined);
    assert.deepEqual(all.takeEnded(), ['protection']);
    assert.deepEqual(all.takeEnded(), []);
  });

  it('know no change to what is configured anyway', () => {
    const { all } = switches({ protection: false });
    all.set('protection', { ...off, isOn: true });
    assert.equal(all.list()[0]?.change?.isOn, true);
    all.set('protection', off);
    assert.deepEqual([all.isOn('protection'), all.list()[0]?.change], [false, undefined]);
    assert.deepEqual(all.takeEnded(), []);
  });

  it('leave a session its mode, and give the next one the new one; policies with an own mode keep it', () => {
    const { all } = switches({ policies: [{ name: 'lab', mode: 'protect' }] });
    const policies = new Policies(all.config);
    const at = (listener?: string) => policies.at({ listener, upstream: undefined });
    const before = at();
    all.set('mode', off);
    assert.equal(before.of('u').mode, 'protect');
    assert.equal(at().of('u').mode, 'monitor');
    assert.equal(at('lab').of('u').mode, 'protect');
  });
});
