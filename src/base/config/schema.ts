import { z } from 'zod';
import { ACTION_NAMES, type UNSCANNABLE_NAMES } from './words.ts';

const port = z.int().min(1).max(65535);
const ms = (fallback: number, min = 1) => z.int().min(min).max(86_400_000).default(fallback);
const bytes = (fallback: number) =>
  z
    .int()
    .min(1)
    .max(2 ** 40)
    .default(fallback);
const action = (fallback: (typeof ACTION_NAMES)[number]) => z.enum(ACTION_NAMES).default(fallback);

/** `585,1993`: the same syntax in YAML and in the environment. A single YAML number is accepted as well. */
const portList = z.union([z.string(), port]);

export const listenerSchema = z.strictObject({
  protocol: z.enum(['imap', 'imaps', 'pop3', 'pop3s']),
  address: z.string().default('::'),
  port: z.int().min(0).max(65535),
  /** Default: implicit for imaps and pop3s, starttls for imap and pop3. */
  tls: z.enum(['implicit', 'starttls', 'starttls-required', 'off']).optional(),
});

const ports = z.strictObject({
  imap: port.default(143),
  imaps: port.default(993),
  pop3: port.default(110),
  pop3s: port.default(995),
});

const upstreamSchema = z.strictObject({
  host: z.string().min(1),
  ports: ports.prefault({}),
  tls: z
    .strictObject({
      /**
       * auto: implicit TLS behind imaps and pop3s listeners, STARTTLS behind the others (on loopback only
       * when the server refuses clear text). implicit, starttls (required), off: always that.
       */
      mode: z.enum(['auto', 'implicit', 'starttls', 'off']).default('auto'),
      verify: z.boolean().default(true),
      /** PEM file with the authorities to trust instead of the system's. */
      ca: z.string().optional(),
      /** Name to verify and to send as SNI; default: host. */
      serverName: z.string().optional(),
    })
    .prefault({}),
  connectTimeoutMs: ms(10_000),
  greetingTimeoutMs: ms(30_000),
  allowPreauth: z.boolean().default(false),
});

const tlsSchema = z.strictObject({
  /** Chosen by SNI; the first one is the default. None: a self-signed bootstrap certificate. */
  certificates: z.array(z.strictObject({ cert: z.string(), key: z.string() })).default([]),
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
  /** Where the bootstrap certificate is kept between starts. */
  bootstrapPath: z.string().optional(),
});

const limitsSchema = z.strictObject({
  maxConnections: z.int().min(1).default(10_000),
  maxConnectionsPerAddress: z.int().min(1).default(200),
  loginTimeoutMs: ms(120_000),
  idleTimeoutMs: ms(2_100_000),
  maxMessageBytes: bytes(50 * 1024 * 1024),
  maxLiteralBytes: bytes(256 * 1024 * 1024),
  spoolMemoryBytes: bytes(4 * 1024 * 1024),
  maxSessionSpoolBytes: bytes(512 * 1024 * 1024),
  keepAliveMs: ms(5_000),
});

const scanSchema = z.strictObject({
  /** 0: one for each core but one, at least one. */
  workers: z.int().min(0).max(256).default(0),
  timeoutMs: ms(10_000, 100),
  /** From the request to the verdict, waiting included; above it the cause is `overloaded` or `timeout`. */
  deadlineMs: ms(60_000, 100),
  maxQueue: z.int().min(1).default(1_000),
  workerHeapMb: z.int().min(32).default(256),
  uploads: z.boolean().default(true),
  limits: z
    .strictObject({
      maxMimeDepth: z.int().min(1).default(60),
      maxParts: z.int().min(1).default(1_000),
      maxHeaderBytes: bytes(256 * 1024),
      maxHeaderFields: z.int().min(1).default(1_000),
      maxViews: z.int().min(1).default(16),
      maxContainerDepth: z.int().min(1).default(24),
      maxPieces: z.int().min(1).default(2_000),
      maxObjectBytes: bytes(25 * 1024 * 1024),
      maxTotalBytes: bytes(150 * 1024 * 1024),
      maxRatio: z.int().min(2).default(200),
      ratioFloorBytes: bytes(10 * 1024 * 1024),
    })
    .prefault({}),
});

const unscannableDefaults = {
  timeout: 'defer',
  'engine-failed': 'defer',
  overloaded: 'defer',
  'too-deep': 'neutralise',
  bomb: 'neutralise',
  malformed: 'neutralise',
  encrypted: 'deliver',
  'too-large': 'deliver',
} as const satisfies Record<(typeof UNSCANNABLE_NAMES)[number], (typeof ACTION_NAMES)[number]>;

const policySchema = z.strictObject({
  malicious: action('neutralise'),
  suspicious: action('deliver'),
  unscannable: z
    .strictObject({
      timeout: action(unscannableDefaults.timeout),
      'engine-failed': action(unscannableDefaults['engine-failed']),
      overloaded: action(unscannableDefaults.overloaded),
      'too-deep': action(unscannableDefaults['too-deep']),
      bomb: action(unscannableDefaults.bomb),
      malformed: action(unscannableDefaults.malformed),
      encrypted: action(unscannableDefaults.encrypted),
      'too-large': action(unscannableDefaults['too-large']),
    })
    .prefault({}),
  /** A message deferred this often is neutralised instead. */
  maxDeferrals: z.int().min(1).max(100).default(3),
});

/** The whole configuration. Types are derived from it; `config/gateway.schema.json` is generated from it. */
export const configSchema = z.strictObject({
  /** Master switch. Off: everything is forwarded untouched and counted as unscanned. */
  protection: z.boolean().default(true),
  /** protect: act on verdicts. monitor: scan and record, deliver everything. */
  mode: z.enum(['protect', 'monitor']).default('protect'),
  /** One switch for each protocol. Off: traffic of its listeners is forwarded untouched and counted. */
  protocols: z
    .strictObject({
      imap: z.boolean().default(true),
      imaps: z.boolean().default(true),
      pop3: z.boolean().default(true),
      pop3s: z.boolean().default(true),
    })
    .prefault({}),
  upstream: upstreamSchema,
  /** Absent: all addresses on ports 143, 110 and the two lists below. */
  listeners: z.array(listenerSchema).min(1).optional(),
  /** Ports of the default imaps listeners, and extra ones beside `listeners` when set. */
  imapsPorts: portList.optional(),
  pop3sPorts: portList.optional(),
  tls: tlsSchema.prefault({}),
  /** Files and folders with YARA rules (*.yar, *.yara); relative to the working directory. */
  rules: z.array(z.string()).default(['config/rules']),
  limits: limitsSchema.prefault({}),
  scan: scanSchema.prefault({}),
  policy: policySchema.prefault({}),
  quarantine: z.strictObject({ path: z.string().default('./quarantine') }).prefault({}),
  admin: z
    .strictObject({
      enabled: z.boolean().default(true),
      address: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65535).default(9090),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      /** Write subjects of detected messages; off because a subject is content. */
      subjects: z.boolean().default(false),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ListenerConfig = z.output<typeof listenerSchema>;
