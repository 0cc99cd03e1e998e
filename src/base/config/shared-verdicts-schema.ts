import { z } from 'zod';
import { path } from './value-schemas.ts';

const DAY_MS = 86_400_000;

export const sharedVerdictsSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^rediss?$/u })
      .optional()
      .meta({ examples: ['rediss://postern:password@redis.example.org:6379/0'] })
      .describe(
        'Redis or Valkey, with name, password and number of the database; rediss: with TLS. Better given in the environment than here.',
      ),
    secret: z
      .string()
      .regex(/^[\x21-\x7e]{32,500}$/u, { error: 'has to be 32 to 500 visible ASCII characters' })
      .optional()
      .meta({ examples: ['a-long-random-text-of-32-or-more'] })
      .describe(
        'Key that verdicts are authenticated with, the same for all gateways that share them; who can only write to the server cannot forge one. Better given in the environment than here.',
      ),
    ca: path
      .optional()
      .meta({ examples: ['/etc/postern/redis-ca.pem'] })
      .describe("PEM file with the authorities to trust instead of the system's."),
    maxAgeMs: z
      .int()
      .min(1_000)
      .max(30 * DAY_MS)
      .default(DAY_MS)
      .describe('Milliseconds that a verdict is used.'),
    timeoutMs: z
      .int()
      .min(1)
      .max(1_000)
      .default(20)
      .describe('Milliseconds that a scan waits for an answer; then the message is scanned.'),
  })
  .prefault({})
  .describe(
    'Verdicts that several gateways share; used when url and secret are set. A failure only costs scans.',
  );
