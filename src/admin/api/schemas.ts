import { z } from 'zod';
import { AUDIT_ACTIONS } from '../../quarantine/audit-trail.ts';
import { UNSCANNABLE_CAUSES } from '../../scan/verdict.ts';
import { ROLES } from '../accounts/principal.ts';

/** Texts of a request: a longer one is nobody's name. */
const MAX_TEXT = 200;
const MAX_REASON = 1_000;
export const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

export const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/u)
  .meta({ description: 'SHA-256 of the raw message, lower-case hex' });
const digestPart = z.string().regex(/^[0-9a-f]{4,64}$/u);
const text = z.string().min(1).max(MAX_TEXT);
const moment = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value));
const cursor = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  .regex(/^[\w.-]+$/u);
const limit = z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE);
const flag = z.enum(['true', 'false']).transform((value) => value === 'true');
export const day = z.iso.date();

export const pageQuery = z.strictObject({ limit, cursor: cursor.optional() });

const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: list(item), next: z.string().nullable() });

export const findingSchema = z.strictObject({
  engine: z.string(),
  rule: z.string(),
  namespace: z.string(),
  class: z.enum(['malicious', 'suspicious']),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  part: z.string(),
  sha256: z.string(),
});

const causes = ['malicious', 'suspicious', ...UNSCANNABLE_CAUSES] as const;

export const quarantineQuery = z.strictObject({
  cause: z.enum(causes).optional(),
  rule: text.optional(),
  user: text.optional(),
  sender: text.optional(),
  subject: text.optional(),
  from: moment.optional(),
  to: moment.optional(),
  digest: digestPart.optional(),
  limit,
  cursor: cursor.optional(),
});

export const quarantineItemSchema = z.strictObject({
  id: digest,
  bytes: z.int(),
  firstSeen: z.string(),
  lastSeen: z.string(),
  count: z.int(),
  subject: z.string(),
  sender: z.string(),
  verdict: z.string(),
  cause: z.string(),
  findings: list(findingSchema),
  protocol: z.string(),
  user: z.string(),
  client: z.string(),
  mailbox: z.string(),
  uid: z.string(),
  scanId: z.string(),
  generation: z.string(),
});

export const previewSchema = z.strictObject({
  headers: list(z.strictObject({ name: z.string(), value: z.string() })),
  text: z.string(),
  truncated: z.boolean(),
  parts: list(z.strictObject({ name: z.string(), type: z.string(), bytes: z.int(), sha256: z.string() })),
});

export const exportBody = z.strictObject({
  format: z.enum(['zip', 'raw']).default('zip'),
  password: z
    .string()
    .regex(/^[\x21-\x7e]{4,64}$/u)
    .default('infected')
    .meta({ description: 'of the zip; it keeps programs from opening the message, not people' }),
});

export const releaseBody = z.strictObject({
  user: z.string().max(MAX_TEXT).default('').meta({ description: 'login name; empty: everybody' }),
  reason: z.string().trim().min(1).max(MAX_REASON),
  offerAnew: z
    .boolean()
    .default(false)
    .meta({ description: 'append the original to the mailboxes where the substitute was seen' }),
});

export const releaseSchema = z.strictObject({
  id: z.string(),
  sha256: digest,
  user: z.string(),
  reason: z.string(),
  actor: z.string(),
  at: z.string(),
  withdrawnAt: z.string().nullable(),
  withdrawnBy: z.string().nullable(),
  pendingOffers: z.int(),
});

export const releaseChangeSchema = releaseSchema.extend({ changedAt: z.int() });

export const releaseChangesQuery = z.strictObject({
  since: z.coerce.number().int().min(0).default(0).meta({ description: 'milliseconds since 1970' }),
  limit,
  cursor: cursor.optional(),
});

export const releaseQuery = z.strictObject({
  sha256: digest.optional(),
  all: flag.optional(),
  limit,
  cursor: cursor.optional(),
});

const verdicts = z.enum(['malicious', 'suspicious', 'unscannable', 'skipped']);

export const detectionQuery = z.strictObject({
  observed: flag.optional().meta({ description: 'what rules on trial matched, instead of what was found' }),
  verdict: verdicts.optional(),
  cause: text.optional(),
  rule: text.optional(),
  user: text.optional(),
  action: z.enum(['deliver', 'neutralise', 'block', 'defer']).optional(),
  from: moment.optional(),
  to: moment.optional(),
  digest: digestPart.optional(),
  limit,
  cursor: cursor.optional(),
});

export const detectionSchema = z.strictObject({
  id: z.int(),
  at: z.string(),
  scanId: z.string(),
  protocol: z.string(),
  user: z.string(),
  client: z.string(),
  application: z.string(),
  mailbox: z.string(),
  uidValidity: z.string().nullable(),
  uid: z.string(),
  isUpload: z.boolean(),
  verdict: z.enum(['clean', ...verdicts.options]),
  cause: z.string(),
  action: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  generation: z.string(),
  findings: list(findingSchema),
  observed: z.boolean().meta({ description: 'the findings are those of rules on trial' }),
});

export const fetchSchema = z.strictObject({
  at: z.string(),
  user: z.string(),
  client: z.string(),
  application: z.string(),
  protocol: z.string(),
  mailbox: z.string(),
  uid: z.string(),
  verdict: z.string(),
  action: z.string(),
  generation: z.string(),
});

const counts = {
  scanned: z.int(),
  infected: z.int(),
  suspicious: z.int(),
  neutralised: z.int(),
  blocked: z.int(),
  deferred: z.int(),
  bytes: z.int(),
  unscanned: z.record(z.string(), z.int()).readonly(),
};

export const statisticsQuery = z.strictObject({ from: day.optional(), to: day.optional() });

export const statisticsSchema = z.strictObject({
  days: list(z.strictObject({ day: z.string(), ...counts })),
  total: z.strictObject(counts),
  topRules: list(
    z.strictObject({
      rule: z.string(),
      namespace: z.string(),
      detections: z.int(),
      contents: z.int(),
    }),
  ),
});

export const retroHuntsQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(50).default(10) });

export const retroHuntBody = z.strictObject({ days: z.int().min(1).max(3_650).default(30) });

export const retroHuntSchema = z.strictObject({
  generation: z.string(),
  startedAt: z.string(),
  days: z.int(),
  judged: z.int(),
  failed: z.int(),
  truncated: z.boolean(),
  nowBad: list(
    z.strictObject({
      sha256: z.string(),
      findings: list(findingSchema),
      before: z.strictObject({ verdict: z.string(), generation: z.string() }),
      source: z.enum(['quarantine', 'history']),
      delivered: list(fetchSchema),
    }),
  ),
});

export const retroHuntStateSchema = z.strictObject({
  state: z.enum(['never', 'running', 'done', 'stopped', 'failed']),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  startedBy: z.string(),
  days: z.int(),
  looked: z.int().meta({ description: 'originals that were looked at so far' }),
  originals: z.int().meta({ description: 'in the quarantine; a hunt looks at those of its days' }),
  report: retroHuntSchema.nullable().meta({ description: 'of the newest hunt that ended; kept in memory' }),
});

export const auditSchema = z.strictObject({
  id: z.int(),
  at: z.string(),
  actor: z.string(),
  action: z.enum(AUDIT_ACTIONS),
  object: z.string(),
  detail: z.string(),
});

const accountName = z.string().regex(/^[a-z0-9][a-z0-9._@-]{0,63}$/u);
const password = z.string().min(12).max(256);
export const roleSchema = z.enum(ROLES);

export const loginBody = z.strictObject({
  user: z.string().min(1).max(MAX_TEXT),
  password: z.string().min(1).max(256),
});

export const whoSchema = z.strictObject({
  name: z.string(),
  role: roleSchema,
  via: z.enum(['cookie', 'token']),
  csrf: z
    .string()
    .nullable()
    .meta({ description: 'to be sent as X-Postern-CSRF with everything that changes something' }),
});

export const userBody = z.strictObject({ name: accountName, password, role: roleSchema });
export const userChangeBody = z.strictObject({
  password: password.optional(),
  role: roleSchema.optional(),
});
export const userSchema = z.strictObject({ name: z.string(), role: roleSchema, createdAt: z.string() });

export const tokenBody = z.strictObject({ name: accountName, role: roleSchema });
export const tokenSchema = z.strictObject({
  name: z.string(),
  role: roleSchema,
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
export const newTokenSchema = tokenSchema.extend({
  token: z.string().meta({ description: 'shown once; only its digest is kept' }),
});

export const scanSchema = z.strictObject({
  file: z.string(),
  verdict: z.enum(['clean', 'malicious', 'suspicious', 'unscannable', 'skipped']),
  cause: z.string().nullable(),
  findings: list(findingSchema.pick({ engine: true, rule: true, namespace: true, class: true, part: true })),
  sha256: z.string(),
  bytes: z.int(),
  pieces: z.int(),
  ms: z.number(),
});
