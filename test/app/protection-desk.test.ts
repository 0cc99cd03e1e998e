import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configSchema } from '../../src/base/config/schema.ts';
import { ProtectionSwitches } from '../../src/gateway/protection-switches.ts';
import { ProtectionDesk } from '../../src/protection-desk.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RecordingLog } from '../support/recording-log.ts';

const session = (id: string, isTunnel: boolean) => ({
  id,
  isTunnel,
  protocol: 'imap',
  client: '192.0.2.1',
  user: '',
  application: '',
  startedAt: '',
});

function desk(config: object = {}) {
  const clock = new FakeClock();
  const parsed = configSchema.parse({ upstream: { host: 'mail.example' }, ...config });
  const kicked: string[] = [];
  const gateway = {
    sessions: [session('scanned', false), session('tunnel', true)],
    kick: (id: string) => kicked.push(id) > 0,
  };
  const made = new ProtectionDesk(new ProtectionSwitches(parsed, clock), gateway, new RecordingLog());
  return { desk: made, kicked, clock };
}

const change = { actor: 'user:ann', reason: 'a test', until: undefined };

describe('what is forwarded untouched', () => {
  it('goes on while something is switched off, and ends when it is on again', () => {
    const { desk: protection, kicked } = desk();
    protection.set('protection', { ...change, isOn: false });
    protection.set('protection', { ...change, isOn: false });
    assert.deepEqual(kicked, []);
    protection.set('protection', { ...change, isOn: true });
    assert.deepEqual(kicked, ['tunnel']);
    protection.set('protection', { ...change, isOn: true });
    assert.deepEqual(kicked, ['tunnel'], 'it was on');
  });

  it('ends when a switch goes back on by itself, and not when one goes back off', () => {
    const off = desk();
    off.desk.set('imap', { ...change, isOn: false, until: off.clock.now() + 1_000 });
    assert.deepEqual(off.desk.takeEnded(), []);
    off.clock.advance(1_000);
    assert.deepEqual(off.desk.takeEnded(), ['imap']);
    assert.deepEqual(off.kicked, ['tunnel']);
    off.desk.set('imap', { ...change, isOn: false, until: off.clock.now() + 1_000 });
    off.clock.advance(1_000);
    off.desk.set('imap', { ...change, isOn: true });
    assert.deepEqual(off.kicked, ['tunnel', 'tunnel'], 'switched on after its end, before anybody looked');
    const on = desk({ protocols: { pop3: false } });
    on.desk.set('pop3', { ...change, isOn: true, until: on.clock.now() + 1_000 });
    on.kicked.length = 0;
    on.clock.advance(1_000);
    assert.deepEqual([on.desk.takeEnded(), on.kicked], [['pop3'], []]);
  });
});
