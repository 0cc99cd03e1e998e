import { z } from 'zod';
import { sharedVerdictsSchema } from './shared-verdicts-schema.ts';
import { count, listenPort, MIB, path } from './value-schemas.ts';

const DAY_MS = 86_400_000;
/** Sizes are kept in 31 bits elsewhere in the configuration; see schema.ts. */
const MAX_31_BITS = 2 ** 31 - 1;

const ms = (fallback: number, min = 1, max = DAY_MS) => z.int().min(min).max(max).default(fallback);
const bytes = (fallback: number, max = MAX_31_BITS) => z.int().min(1).max(max).default(fallback);

const clamdSchema = z
  .strictObject({
    socket: path
      .optional()
      .meta({ examples: ['/run/clamav/clamd.ctl'] })
      .describe('Unix socket of clamd.'),
    server: path
      .optional()
      .meta({ examples: ['127.0.0.1'] })
      .describe('Host of clamd instead of a socket. It sees every piece in clear text.'),
    port: listenPort.default(3310).describe('TCP port of clamd at server.'),
    timeoutMs: ms(5_000, 100).describe('Milliseconds for one piece, connecting included.'),
    failure: z
      .enum(['unscannable', 'ignore'])
      .default('unscannable')
      .describe(
        'What it means when clamd cannot judge a piece. unscannable: with its cause, as in policy.unscannable. ignore: counted, and the other engines decide.',
      ),
  })
  .prefault({})
  .describe('clamd as a second engine; used when socket or server is set.');

const digestsSchema = z
  .strictObject({
    deny: z.array(path).default([]).describe('Files with SHA-256 digests of pieces that are malicious.'),
    allow: z
      .array(path)
      .default([])
      .describe(
        'Files with SHA-256 digests of messages and pieces that are trusted: neither matched nor opened.',
      ),
  })
  .prefault({})
  .describe('Lists of digests: one to a line, a name may follow; # begins a comment.');

const scanLimitsSchema = z
  .strictObject({
    maxMimeDepth: count(60, 1, 1_000).describe('Nested multiparts and messages; deeper is too-deep.'),
    maxParts: count(1_000).describe('MIME parts over all readings; more is a bomb.'),
    maxHeaderBytes: bytes(256 * 1024).describe('Bytes of one header block; more is malformed.'),
    maxHeaderFields: count(1_000).describe('Fields of one header block; more is malformed.'),
    maxViews: count(16, 1, 1_000).describe('Plausible readings of one part.'),
    maxContainerDepth: count(24, 1, 1_000).describe('Archives in archives; deeper is too-deep.'),
    maxPieces: count(2_000).describe('Distinct pieces that are matched; more is a bomb.'),
    maxObjectBytes: bytes(25 * MIB).describe('Bytes of one unpacked object.'),
    maxTotalBytes: bytes(150 * MIB, 2 ** 40).describe(
      'Bytes decoded and unpacked altogether; more is a bomb.',
    ),
    maxRatio: z
      .int()
      .min(2)
      .max(1_000_000)
      .default(200)
      .describe('Output to input of one object; more is a bomb.'),
    ratioFloorBytes: bytes(10 * MIB).describe('Bytes of output below which the ratio is not looked at.'),
  })
  .prefault({})
  .describe('What one message may cost. docs/LIMITS.md has the reasons.');

export const scanSchema = z
  .strictObject({
    workers: z.int().min(0).max(256).default(0).describe('Scan threads; 0: one for each core but one.'),
    timeoutMs: ms(10_000, 100).describe(
      'Milliseconds of work on one message, from the queue to the verdict.',
    ),
    deadlineMs: ms(60_000, 100).describe('Milliseconds from the request to the verdict, waiting included.'),
    maxQueue: count(1_000).describe('Waiting scans; more are unscannable: overloaded.'),
    workerHeapMb: z
      .int()
      .min(32)
      .max(65_536)
      .default(256)
      .describe('MiB of JavaScript heap of one scan thread.'),
    uploads: z.boolean().default(true).describe('Scan what clients upload (IMAP APPEND).'),
    mime: z
      .strictObject({
        readers: z
          .enum(['auto', 'both'])
          .default('auto')
          .describe(
            'auto: the second MIME reader reads what is unusual, and a sample. both: it reads everything.',
          ),
      })
      .prefault({})
      .describe('How messages are taken apart.'),
    clamd: clamdSchema,
    sharedVerdicts: sharedVerdictsSchema,
    digests: digestsSchema,
    limits: scanLimitsSchema,
  })
  .prefault({})
  .describe('The scanner.');
