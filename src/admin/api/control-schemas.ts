import { z } from 'zod';
import { PROTECTION_SWITCHES } from '../providers.ts';

/* What administrators switch, start and look at beside mail. */

const MAX_REASON = 1_000;
const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const reason = z.string().trim().min(1).max(MAX_REASON);

export const switchParams = z.strictObject({ name: z.enum(PROTECTION_SWITCHES) });

export const switchBody = z.strictObject({
  on: z.boolean().meta({ description: 'for mode: true is protect, false is monitor' }),
  until: z.iso
    .datetime({ offset: true })
    .transform((value) => Date.parse(value))
    .optional()
    .meta({ description: 'when the configuration counts again; absent: at the next start' }),
  reason,
});

export const protectionSchema = z.strictObject({
  switches: list(
    z.strictObject({
      name: z.enum(PROTECTION_SWITCHES),
      isOn: z.boolean(),
      isConfiguredOn: z.boolean(),
      change: z
        .strictObject({
          actor: z.string(),
          reason: z.string(),
          at: z.string(),
          until: z.string().nullable(),
        })
        .nullable()
        .meta({ description: 'null while the configuration counts; nothing of it outlives the process' }),
    }),
  ),
  unscannedSessions: z.int().meta({
    description: 'open sessions that are forwarded untouched; ended when something is switched on again',
  }),
});

const originSchema = z.strictObject({
  kind: z.enum(['default', 'file', 'environment', 'program']),
  where: z.string().meta({ description: 'file:line:column, the name of a variable, or empty' }),
});

export const configurationSchema = z.strictObject({
  file: z.string().nullable(),
  loadedAt: z.string(),
  warnings: list(z.string()),
  settings: list(
    z.strictObject({
      key: z.string(),
      value: z.string().nullable().meta({ description: 'null: not set; secrets are masked' }),
      isSecret: z.boolean(),
      defaultValue: z.string().nullable(),
      origin: originSchema,
      variable: z.string(),
      description: z.string(),
    }),
  ),
});

export const deadAlertsSchema = z.strictObject({
  items: list(
    z.strictObject({
      id: z.string(),
      at: z.string(),
      receiver: z.string(),
      why: z.string(),
      delivery: z.string().meta({ description: 'X-Postern-Delivery of every attempt' }),
      unlisted: z.int(),
      alerts: list(
        z.strictObject({
          sha256: z.string(),
          severity: z.string(),
          verdict: z.string(),
          cause: z.string(),
          rules: list(z.string()),
          fetches: z.int(),
        }),
      ),
    }),
  ),
  total: z.int().meta({ description: 'since the start, also those that are not listed any more' }),
  waiting: z.int().meta({ description: 'batches that are still tried' }),
});

export const letterParams = z.strictObject({ id: z.uuid() });
export const retriedSchema = z.strictObject({ waiting: z.int() });

export const reloadSchema = z.strictObject({
  items: z
    .array(
      z.strictObject({
        name: z.string(),
        ok: z.boolean(),
        problem: z.string().nullable().meta({ description: 'why it keeps what it had' }),
      }),
    )
    .readonly(),
});

export const drainBody = z.strictObject({ reason: z.string().trim().min(1).max(200) });

export const drainSchema = z.strictObject({
  draining: z.boolean(),
  since: z.string().nullable(),
  reason: z.string(),
  deadline: z.string().nullable().meta({ description: 'when the sessions that are left are cut' }),
  sessions: z.int().meta({ description: 'open now' }),
});

export const setupSchema = z.strictObject({
  needed: z.boolean().meta({ description: 'nobody can log in yet' }),
  byToken: z.boolean().meta({ description: 'the token of the environment can make the first user' }),
});
