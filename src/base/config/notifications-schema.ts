import { z } from 'zod';
import { hostName, port } from './fields.ts';
import { count, path } from './value-schemas.ts';

const HOUR_MS = 3_600_000;
/** A header or a login takes no longer one; whoever needs more has something else in mind. */
const MAX_SECRET = 500;
/** More receivers than this are a mailing list's work. */
const MAX_RECEIVERS = 20;

const secret = z
  .string()
  .min(1)
  .max(MAX_SECRET)
  .optional()
  .meta({ examples: ['a-long-random-text'] });
const secretFile = path.optional().meta({ examples: ['/run/secrets/postern'] });
const mailAddress = z.email().max(254);

const webhookSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/u)
    .describe('How the log names it.'),
  url: z.url({ protocol: /^https?$/u }).describe('Where to POST; redirects are not followed.'),
  format: z
    .enum(['json', 'slack', 'teams'])
    .default('json')
    .describe('json: signed, see docs/CONSOLE.md. slack, teams: as their incoming webhooks expect it.'),
  secret: secret.describe('Key of the HMAC-SHA256 signature.'),
  secretFile: secretFile.describe('File with that key; its last line end does not count.'),
});

const smtpSchema = z
  .strictObject({
    server: hostName
      .optional()
      .meta({ examples: ['mail.example.org'] })
      .describe('Mail server that takes the alerts; absent: no mail is sent.'),
    port: port.default(587).describe('TCP port.'),
    tls: z
      .enum(['starttls', 'implicit', 'off'])
      .default('starttls')
      .describe(
        'starttls: required before anything is said. implicit: from the first byte. off: clear text.',
      ),
    user: z
      .string()
      .min(1)
      .max(MAX_SECRET)
      .optional()
      .meta({ examples: ['postern'] })
      .describe('Login name; absent: no login.'),
    password: secret.describe('Password; better given in the environment or a file than here.'),
    passwordFile: secretFile.describe('File with the password; its last line end does not count.'),
    from: mailAddress
      .optional()
      .meta({ examples: ['postern@example.org'] })
      .describe('Sender of the alerts.'),
    to: z
      .array(mailAddress)
      .max(MAX_RECEIVERS)
      .default([])
      .describe('Who gets the alerts. Never the sender of a message: that address is forged.'),
  })
  .prefault({})
  .describe('Alerts by mail.');

export const notificationsSchema = z
  .strictObject({
    minSeverity: z
      .enum(['low', 'medium', 'high', 'critical'])
      .default('medium')
      .describe('Least severity that is worth an alert.'),
    intervalMs: z
      .int()
      .min(0)
      .max(24 * HOUR_MS)
      .default(60_000)
      .describe('Milliseconds that alerts are collected before they are sent together; 0: at once.'),
    repeatMs: z
      .int()
      .min(0)
      .max(7 * 24 * HOUR_MS)
      .default(24 * HOUR_MS)
      .describe('Milliseconds until the same content is worth an alert again; meanwhile it is counted.'),
    maxAttempts: count(6, 1, 20).describe(
      'Attempts for one receiver, 1 s apart and doubling up to 5 minutes; then the alert is a dead letter.',
    ),
    webhooks: z
      .array(webhookSchema)
      .max(MAX_RECEIVERS)
      .default([])
      .meta({
        examples: [
          [{ name: 'siem', url: 'https://siem.example.org/postern', secretFile: '/run/secrets/siem' }],
        ],
      })
      .describe('Alerts by HTTP.'),
    smtp: smtpSchema,
  })
  .prefault({})
  .describe('Who is told of what was found: one alert for each content, however often it is fetched.');

export type NotificationsConfig = z.output<typeof notificationsSchema>;
