import assert from 'node:assert/strict';
import { it } from 'node:test';
import { configSchema } from './base/config/schema.ts';
import { verdictSettings } from './shared-verdicts-opening.ts';

const config = (more: object = {}) => configSchema.parse({ upstream: { host: 'a' }, ...more });

it('gateways share verdicts when their code and what decides about verdicts are the same, and only then', () => {
  const settings = [
    verdictSettings(config(), 'code'),
    verdictSettings(config(), 'other code'),
    verdictSettings(config({ limits: { maxMessageBytes: 1_000_000 } }), 'code'),
    verdictSettings(config({ scan: { limits: { maxParts: 10 } } }), 'code'),
    verdictSettings(config({ scan: { mime: { readers: 'both' } } }), 'code'),
    verdictSettings(config({ scan: { clamd: { server: 'a' } } }), 'code'),
    verdictSettings(config({ scan: { clamd: { server: 'a', failure: 'ignore' } } }), 'code'),
  ];
  assert.equal(new Set(settings).size, settings.length);
  const elsewhere = config({ scan: { workers: 7, timeoutMs: 5_000 }, limits: { maxConnections: 5 } });
  assert.equal(verdictSettings(elsewhere, 'code'), settings[0]);
});
