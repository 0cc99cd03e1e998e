import { randomUUID } from 'node:crypto';
import type { ApiParts } from '../../src/admin/api/api-parts.ts';
import type { DeadAlert } from '../../src/admin/providers.ts';
import type { Clock } from '../../src/base/clock.ts';
import { effectiveSettings, withoutOrigins } from '../../src/base/config/effective.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import { ProtectionSwitches } from '../../src/gateway/protection-switches.ts';

const STARTED_AT = '2026-01-01T00:00:00.000Z';

/** An alert that did not arrive. */
export function deadAlert(more: Partial<DeadAlert> = {}): DeadAlert {
  const alert = { severity: 'high', verdict: 'malicious', cause: '', rules: ['ns/rule'], fetches: 2 };
  const batch = { id: randomUUID(), alerts: [{ sha256: 'a'.repeat(64), ...alert }], unlisted: 0 };
  return { id: randomUUID(), at: STARTED_AT, receiver: 'siem', why: 'answers 400', batch, ...more };
}

/** What administrators switch and look at: real switches, a small configuration, alerts in an array. */
export function controlDoubles(
  clock: Clock,
  letters: DeadAlert[],
): Pick<ApiParts, 'protection' | 'configuration' | 'alerts'> {
  const config = configSchema.parse({ upstream: { host: 'mail.example' }, admin: { token: 'x'.repeat(16) } });
  const taken = (id: string): boolean => {
    const index = letters.findIndex((letter) => letter.id === id);
    return index >= 0 && letters.splice(index, 1).length === 1;
  };
  return {
    protection: new ProtectionSwitches(config, clock),
    configuration: {
      file: null,
      loadedAt: STARTED_AT,
      warnings: [],
      settings: effectiveSettings(withoutOrigins(config)),
    },
    alerts: {
      deadLetters: letters,
      deadLetterCount: letters.length,
      waiting: 0,
      retry: taken,
      discard: taken,
    },
  };
}
