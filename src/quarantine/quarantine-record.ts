import { z } from 'zod';
import { SKIP_REASONS, UNSCANNABLE_CAUSES } from '../scan/verdict.ts';
import type { QuarantineEntry, QuarantineRecord } from './quarantine-store.ts';

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
const findings = z.array(findingSchema);

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

const recordSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/u),
  bytes: z.int().min(0),
  firstSeen: z.iso.datetime(),
  lastSeen: z.iso.datetime(),
  count: z.int().min(1),
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

/** The record of a message that is seen for the first time at `now`. */
export function newRecord(entry: QuarantineEntry, id: string, bytes: number, now: string): QuarantineRecord {
  return {
    id,
    bytes,
    firstSeen: now,
    lastSeen: now,
    count: 1,
    sha256: id,
    scanId: cut(entry.scanId),
    verdict: entry.verdict,
    protocol: entry.protocol,
    user: cut(entry.user),
    client: cut(entry.client),
    mailbox: cut(entry.mailbox),
    uid: cut(entry.uid),
    generation: cut(entry.generation),
  };
}

/** The same content again: the first sighting stays, the last one and the count move on. */
export function seenAgain(record: QuarantineRecord, now: string): QuarantineRecord {
  return { ...record, lastSeen: now, count: record.count + 1 };
}

export function formatRecord(record: QuarantineRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** `undefined` when the text is no record: cut off, damaged, or of another program. */
export function parseRecord(text: string): QuarantineRecord | undefined {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
