import { z } from 'zod';

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();

export const statusSchema = z.strictObject({
  level: z.enum(['green', 'yellow', 'red']),
  reasons: list(
    z.strictObject({
      level: z.enum(['yellow', 'red']),
      code: z.string(),
      text: z.string(),
      remedy: z.string(),
    }),
  ),
  version: z.string(),
  startedAt: z.string(),
  protection: z.boolean(),
  mode: z.enum(['protect', 'monitor']),
  draining: z.boolean(),
  generation: z.string(),
  endpoints: list(z.strictObject({ protocol: z.string(), address: z.string(), port: z.int() })),
  quarantine: z.strictObject({ objects: z.int(), bytes: z.int(), quotaBytes: z.int() }),
});

const ruleFileSchema = z.strictObject({ namespace: z.string(), path: z.string(), sha256: z.string() });

const timingSchema = z.strictObject({
  state: z.enum(['never', 'running', 'done', 'failed']),
  at: z.string().nullable(),
  generation: z.string(),
  truncated: z.boolean(),
  times: list(
    z.strictObject({
      namespace: z.string(),
      rule: z.string(),
      isShadow: z.boolean(),
      msPerMb: z.number().nullable(),
      isSlow: z.boolean(),
    }),
  ),
});

export const measuringSchema = z.strictObject({ state: z.literal('running') });

export const rulesSchema = z.strictObject({
  generation: z.string(),
  rules: z.int(),
  loadedAt: z.string(),
  files: list(ruleFileSchema),
  shadowFiles: list(ruleFileSchema),
  digestFiles: list(ruleFileSchema),
  isOnProbation: z.boolean(),
  problem: z.string().nullable(),
  sources: list(
    z.strictObject({
      name: z.string(),
      checkedAt: z.string().nullable(),
      problem: z.string().nullable(),
    }),
  ),
  hits: list(
    z.strictObject({
      engine: z.string(),
      namespace: z.string(),
      rule: z.string(),
      messages: z.int(),
      lastAt: z.string(),
    }),
  ),
  timing: timingSchema,
});

export const exclusionSchema = z.strictObject({
  id: z.string(),
  what: z.string(),
  owner: z.string(),
  reason: z.string(),
  expiresAt: z.string().nullable(),
  hits: z.int(),
});

export const sessionSchema = z.strictObject({
  id: z.string(),
  protocol: z.string(),
  client: z.string(),
  user: z.string(),
  application: z.string(),
  startedAt: z.string(),
  isTunnel: z.boolean(),
});
