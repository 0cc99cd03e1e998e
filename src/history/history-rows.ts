import { z } from 'zod';

/* What the history keeps as text, and is read again with a check. */

export const findingSchema = z.object({
  engine: z.string(),
  rule: z.string(),
  namespace: z.string(),
  class: z.enum(['malicious', 'suspicious']),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  part: z.string(),
  sha256: z.string(),
});

const fetchShape = {
  user: z.string(),
  client: z.string(),
  application: z.string(),
  protocol: z.string(),
  mailbox: z.string(),
  uid: z.string(),
  verdict: z.string(),
  action: z.string(),
  generation: z.string(),
};

export const fetchRow = z.object({ at: z.int(), ...fetchShape });
/** With its time as ISO 8601. */
export const contentFetchSchema = z.object({ at: z.string(), ...fetchShape });
