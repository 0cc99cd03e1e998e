import { z } from 'zod';
import { SKIP_REASONS, UNSCANNABLE_CAUSES } from '../scan/verdict.ts';
import type { QuarantineEntry } from './quarantine-store.ts';

/** Texts that clients and servers choose are cut here, so that a record stays small. */
const MAX_TEXT = 1_000;

const findingSchema = z.object({
  engine: z.string(),
  rule: z.string(),
  namespace: z.string(),
  class: z.enum(['malicious', 'suspicious']),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  part: z.string(),
  sha256: z.string(),
});
const findings = z.array(findingSchema).readonly();

const verdictSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clean') }),
  z.object({ kind: z.enum(['malicious', 'suspicious']), findings }),
  z.object({
    kind: z.literal('unscannable'),
    cause: z.enum(UNSCANNABLE_CAUSES),
    findings,
    detail: z.string().exactOptional(),
  }),
  z.object({ kind: z.literal('skipped'), reason: z.enum(SKIP_REASONS) }),
]);

/** What is known of a message, as it is kept. */
export const entrySchema = z.object({
  sha256: z.string(),
  scanId: z.string(),
  verdict: verdictSchema,
  protocol: z.enum(['imap', 'pop3']),
  user: z.string(),
  client: z.string(),
  mailbox: z.string(),
  uid: z.string(),
  generation: z.string(),
});

const cut = (text: string) => text.slice(0, MAX_TEXT);

/** The entry with every text that a stranger chose cut to its bound. */
export function boundedEntry(entry: QuarantineEntry): QuarantineEntry {
  return {
    ...entry,
    scanId: cut(entry.scanId),
    user: cut(entry.user),
    client: cut(entry.client),
    mailbox: cut(entry.mailbox),
    uid: cut(entry.uid),
    generation: cut(entry.generation),
  };
}

const sealedRecordSchema = z.object({
  entry: entrySchema,
  subject: z.string(),
  sender: z.string(),
  at: z.int().min(0),
});

/** What is sealed together with an original, so that the index can be made again from the originals. */
export type SealedRecord = z.output<typeof sealedRecordSchema>;

/** `undefined` when the text is no record of this program. */
export function parseSealedRecord(text: string): SealedRecord | undefined {
  try {
    return sealedRecordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
