import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configSchema } from '../../base/config/schema.ts';
import { type Finding, UNSCANNABLE_CAUSES, type Verdict } from '../../scan/verdict.ts';
import { decide, type PolicySettings } from './policy.ts';

const NEVER_DEFERRED = { deferrals: 0 };

function settings(
  policy: Record<string, unknown> = {},
  mode: 'protect' | 'monitor' = 'protect',
): PolicySettings {
  return configSchema.parse({ upstream: { host: 'mail.example' }, policy, mode });
}

function found(name: Finding['class']): Finding {
  const sha256 = '0'.repeat(64);
  return { engine: 'e', rule: 'r', namespace: 'n', class: name, severity: 'high', part: '1', sha256 };
}

const malicious: Verdict = { kind: 'malicious', findings: [found('malicious')] };
const suspicious: Verdict = { kind: 'suspicious', findings: [found('suspicious')] };

describe('decide', () => {
  it('delivers what is clean, without an entry in the ledger', () => {
    assert.deepEqual(decide({ kind: 'clean' }, settings(), NEVER_DEFERRED), {
      action: 'deliver',
      configured: 'deliver',
    });
  });

  it('neutralises malicious and delivers suspicious messages by default, and as configured', () => {
    assert.equal(decide(malicious, settings(), NEVER_DEFERRED).action, 'neutralise');
    assert.equal(decide(suspicious, settings(), NEVER_DEFERRED).action, 'deliver');
    const other = settings({ malicious: 'block', suspicious: 'neutralise' });
    assert.equal(decide(malicious, other, NEVER_DEFERRED).action, 'block');
    assert.equal(decide(suspicious, other, NEVER_DEFERRED).action, 'neutralise');
  });

  it('has a row for each cause of an incomplete scan', () => {
    const actions = UNSCANNABLE_CAUSES.map((cause) => [
      cause,
      decide({ kind: 'unscannable', cause, findings: [] }, settings(), NEVER_DEFERRED).action,
    ]);
    assert.deepEqual(Object.fromEntries(actions), {
      timeout: 'defer',
      'engine-failed': 'defer',
      overloaded: 'defer',
      'too-deep': 'neutralise',
      'too-large': 'deliver',
      bomb: 'neutralise',
      malformed: 'neutralise',
      encrypted: 'deliver',
    });
  });

  it('enters in the ledger what is delivered without a complete scan, and only that', () => {
    const encrypted: Verdict = { kind: 'unscannable', cause: 'encrypted', findings: [] };
    assert.equal(decide(encrypted, settings(), NEVER_DEFERRED).ledgerCause, 'encrypted');
    const strict = settings({ unscannable: { encrypted: 'block' } });
    assert.equal(decide(encrypted, strict, NEVER_DEFERRED).ledgerCause, undefined);
    const skipped: Verdict = { kind: 'skipped', reason: 'excluded' };
    assert.equal(decide(skipped, settings(), NEVER_DEFERRED).ledgerCause, 'excluded');
  });

  it('does not let a lenient cause wave a match through', () => {
    const both: Verdict = { kind: 'unscannable', cause: 'encrypted', findings: [found('malicious')] };
    assert.equal(decide(both, settings(), NEVER_DEFERRED).action, 'neutralise');
    const lenient: Verdict = { kind: 'unscannable', cause: 'bomb', findings: [found('suspicious')] };
    assert.equal(decide(lenient, settings(), NEVER_DEFERRED).action, 'neutralise');
  });

  it('neutralises instead of deferring once the limit is reached', () => {
    const late: Verdict = { kind: 'unscannable', cause: 'timeout', findings: [] };
    assert.equal(decide(late, settings({ maxDeferrals: 3 }), { deferrals: 2 }).action, 'defer');
    assert.equal(decide(late, settings({ maxDeferrals: 3 }), { deferrals: 3 }).action, 'neutralise');
  });

  it('delivers everything in monitor mode and says what it would have done', () => {
    const decision = decide(malicious, settings({}, 'monitor'), NEVER_DEFERRED);
    assert.deepEqual(decision, { action: 'deliver', configured: 'neutralise' });
    const late: Verdict = { kind: 'unscannable', cause: 'timeout', findings: [] };
    assert.equal(decide(late, settings({}, 'monitor'), NEVER_DEFERRED).ledgerCause, 'timeout');
  });
});
