import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { ScanReport, ScanSubject } from '../../scan/scanner.ts';
import { UNSCANNABLE_CAUSES } from '../../scan/verdict.ts';

/** A report is about 1 KB; one with so many findings that it takes more is scanned where it is asked for. */
export const MAX_ENTRY_BYTES = 64 * 1024;

const MAC_BYTES = 32;
const KEY_PREFIX = 'postern:verdict:';
/** Clocks of two gateways differ by less, or their certificates would not work either. */
const MAX_SKEW_MS = 300_000;

const text = z.string().max(4_096);
const finding = z.strictObject({
  engine: text,
  rule: text,
  namespace: text,
  class: z.enum(['malicious', 'suspicious']),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  part: text,
  sha256: text,
});
const findings = z.array(finding);
const offset = z.int().min(0);
const entrySchema = z.strictObject({
  storedAt: z.number(),
  verdict: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('clean') }),
    z.strictObject({ kind: z.literal('malicious'), findings }),
    z.strictObject({ kind: z.literal('suspicious'), findings }),
    z.strictObject({
      kind: z.literal('unscannable'),
      cause: z.enum(UNSCANNABLE_CAUSES),
      findings,
      detail: text.optional(),
    }),
  ]),
  guilt: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('body') }),
    z.strictObject({
      kind: z.literal('ranges'),
      ranges: z.array(
        z.strictObject({
          start: offset,
          end: offset,
          encoding: z.enum(['base64', 'quoted-printable', 'identity']),
        }),
      ),
    }),
  ]),
  sha256: z.string().length(64),
  bytes: offset,
  pieces: offset,
  generation: text,
});

export interface VerdictName {
  /** Of the message, lower-case hex. */
  readonly sha256: string;
  readonly subject: ScanSubject;
  /** Of the rules. */
  readonly generation: string;
}

export interface SealOptions {
  readonly secret: string;
  /** Everything but the rules that a verdict depends on; gateways that differ in it share nothing. */
  readonly settings: string;
  readonly maxAgeMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Verdicts as they may lie where others can write: who does not know the secret can neither forge one nor put
 * one in the place of another, and cannot ask whether somebody received a certain message.
 */
export class VerdictSeal {
  readonly #options: SealOptions;
  readonly #nameKey: Buffer;
  readonly #entryKey: Buffer;

  constructor(options: SealOptions) {
    const { secret, settings } = options;
    const derive = (use: string): Buffer => Buffer.from(hkdfSync('sha256', secret, settings, use, MAC_BYTES));
    this.#options = options;
    this.#nameKey = derive('postern shared verdicts: name');
    this.#entryKey = derive('postern shared verdicts: entry');
  }

  keyOf({ sha256, subject, generation }: VerdictName): string {
    const name = `${generation} ${subject} ${sha256}`;
    return KEY_PREFIX + createHmac('sha256', this.#nameKey).update(name).digest('base64url');
  }

  /** Undefined when it is too large to be worth its way. What was only observed is left out. */
  seal(key: string, report: ScanReport): Buffer | undefined {
    const { verdict, guilt, sha256, bytes, pieces, generation } = report;
    const storedAt = this.#options.now();
    const body = Buffer.from(
      JSON.stringify({ storedAt, verdict, guilt, sha256, bytes, pieces, generation }),
      'utf8',
    );
    const isTooLarge = MAC_BYTES + body.length > MAX_ENTRY_BYTES;
    return isTooLarge ? undefined : Buffer.concat([this.#mac(key, body), body]);
  }

  /** Undefined when it is not what a gateway with the same secret stored under this key lately. */
  open(key: string, entry: Buffer, { sha256, generation }: VerdictName): ScanReport | undefined {
    if (entry.length <= MAC_BYTES || entry.length > MAX_ENTRY_BYTES) return undefined;
    const body = entry.subarray(MAC_BYTES);
    if (!timingSafeEqual(entry.subarray(0, MAC_BYTES), this.#mac(key, body))) return undefined;
    const { data } = entrySchema.safeParse(parseJson(body));
    if (data === undefined || data.sha256 !== sha256 || data.generation !== generation) return undefined;
    const { storedAt, ...report } = data;
    const ageMs = this.#options.now() - storedAt;
    if (ageMs > this.#options.maxAgeMs || ageMs < -MAX_SKEW_MS) return undefined;
    return { ...report, verdict: verdictOf(report.verdict), timings: NO_TIME };
  }

  #mac(key: string, body: Buffer): Buffer {
    return createHmac('sha256', this.#entryKey).update(key).update('\0').update(body).digest();
  }
}

const NO_TIME: ScanReport['timings'] = { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 };

function verdictOf(verdict: z.output<typeof entrySchema>['verdict']): ScanReport['verdict'] {
  if (verdict.kind !== 'unscannable') return verdict;
  const { detail, ...rest } = verdict;
  return detail === undefined ? rest : { ...rest, detail };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined; // the schema refuses it
  }
}
