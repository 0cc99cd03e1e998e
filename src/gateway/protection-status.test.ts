import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { configSchema } from '../base/config/schema.ts';
import { ExclusionStore } from './exclusions/exclusion-store.ts';
import { type ProtectionFacts, protectionStatus } from './protection-status.ts';
import { ProtectionSwitches } from './protection-switches.ts';

const CERTIFIED = { tls: { certificates: [{ cert: 'c', key: 'k' }] } };
const NOW = Date.parse('2026-06-01T00:00:00Z');

function statusOf(config: object, facts: Partial<ProtectionFacts> = {}) {
  const parsed = configSchema.parse({ upstream: { host: 'mail.example' }, ...CERTIFIED, ...config });
  const exclusions = new ExclusionStore(parsed.exclusions, systemClock);
  const rest = { upstreams: [], rulesLoadedAt: NOW, faults: false, now: NOW, ...facts };
  const { level, reasons } = protectionStatus(parsed, { exclusions, ...rest });
  assert.ok(reasons.every(({ text, remedy }) => text.endsWith('.') && remedy.endsWith('.')));
  return [level, ...reasons.map(({ id }) => id)];
}

const EXCLUSION = { user: 'x', owner: 'ann', reason: 'test' };
const DAY_MS = 86_400_000;

describe('the state of the protection', () => {
  it('is green when nothing weakens it', () => {
    assert.deepEqual(statusOf({}), ['green']);
    assert.deepEqual(statusOf({ tls: {}, tlsFilter: { ca: 'ca' } }), ['green']);
  });

  it('is yellow for what is let through or cannot be trusted', () => {
    const upstream = { host: 'mail.example', tls: { verify: false } };
    const cases: readonly (readonly [object, string])[] = [
      [{ protocols: { pop3: false } }, 'protocol-off-pop3'],
      [{ tlsFilter: { enabled: false } }, 'tls-filter-off'],
      [{ scan: { uploads: false } }, 'uploads-unscanned'],
      [{ upstream }, 'upstream-unverified-upstream'],
      [{ upstreams: [{ ...upstream, name: 'b' }] }, 'upstream-unverified-b'],
      [{ tls: {} }, 'self-signed-certificate'],
      [{ exclusions: { users: [EXCLUSION] } }, 'exclusions'],
      [{ exclusions: { users: [{ ...EXCLUSION, expires: '2020-01-01' }] } }, 'exclusions-expired'],
    ];
    for (const [config, id] of cases) assert.deepEqual(statusOf(config), ['yellow', id]);
  });

  it('is red when nothing is protected, and says the worst first', () => {
    const both = statusOf({ protection: false, tls: {} });
    assert.deepEqual(both, ['red', 'protection-off', 'self-signed-certificate']);
    assert.deepEqual(statusOf({ mode: 'monitor' }), ['red', 'monitor-mode']);
    assert.deepEqual(statusOf({}, { faults: true }), ['red', 'faults']);
  });

  it('knows servers that do not answer, and rules of 30 days', () => {
    const down = (up: number) => statusOf({}, { upstreams: [{ name: 'u', hosts: 2, up }] });
    assert.deepEqual(down(2), ['green']);
    assert.deepEqual(down(1), ['yellow', 'upstream-down-u']);
    assert.deepEqual(down(0), ['red', 'upstream-down-u']);
    assert.deepEqual(statusOf({}, { rulesLoadedAt: NOW - 30 * DAY_MS + 1 }), ['green']);
    assert.deepEqual(statusOf({}, { rulesLoadedAt: NOW - 30 * DAY_MS }), ['yellow', 'rules-old']);
  });

  it('says who switched something off and until when, and that what was switched on ends with the process', () => {
    const parsed = configSchema.parse({ upstream: { host: 'm' }, ...CERTIFIED, protocols: { pop3: false } });
    const switches = new ProtectionSwitches(parsed, { ...systemClock, now: () => NOW });
    const change = { actor: 'user:ann', reason: 'test', until: NOW + DAY_MS };
    switches.set('protection', { ...change, isOn: false });
    switches.set('pop3', { ...change, isOn: true, until: undefined });
    const exclusions = new ExclusionStore(parsed.exclusions, systemClock);
    const facts = { upstreams: [], rulesLoadedAt: NOW, faults: false, now: NOW, switches: switches.list() };
    const { reasons } = protectionStatus(switches.config, { exclusions, ...facts });
    assert.deepEqual(
      reasons.map(({ id }) => id),
      ['protection-off', 'switched-on-pop3'],
    );
    assert.match(reasons[0]?.text ?? '', /Switched by user:ann until 2026-06-02T00:00:00Z\.$/u);
    assert.match(reasons[0]?.remedy ?? '', /page Protection/u);
    assert.match(reasons[1]?.text ?? '', /until the next start/u);
  });
});
