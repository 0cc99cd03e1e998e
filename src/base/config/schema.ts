import { isIP } from 'node:net';
import { z } from 'zod';
import { parsePortList } from './port-list.ts';
import { ACTION_NAMES, type UNSCANNABLE_NAMES } from './words.ts';

const DAY_MS = 86_400_000;
const MIB = 1024 * 1024;
/** IMAP numbers are 32 bits, and servers and clients keep sizes in signed integers: RFC 9051 section 9. */
const MAX_31_BITS = 2 ** 31 - 1;

const ms = (fallback: number, min = 1, max = DAY_MS) => z.int().min(min).max(max).default(fallback);
const bytes = (fallback: number, max = MAX_31_BITS) => z.int().min(1).max(max).default(fallback);
const count = (fallback: number, min = 1, max = 1_000_000) => z.int().min(min).max(max).default(fallback);
const action = (fallback: (typeof ACTION_NAMES)[number]) => z.enum(ACTION_NAMES).default(fallback);
const switchedOn = (what: string) => z.boolean().default(true).describe(`Scan ${what}.`);
const path = z.string().min(1);
const port = z.int().min(1).max(65_535);
/** 0 lets the system choose a free port. */
const listenPort = z.int().min(0).max(65_535);

const address = z.string().refine((value) => isIP(value) !== 0, {
  error: 'is not an IP address. Write one such as 127.0.0.1, or "::" for all addresses',
});
const hostName = z
  .string()
  .max(253)
  .refine((value) => isIP(value) !== 0 || /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?$/iu.test(value), {
    error: 'is not a host name or IP address. Write it without scheme, port and brackets',
  });
const portList = z.union([z.string(), z.int()]).refine((value) => parsePortList(value) !== undefined, {
  error: 'is not a list of ports from 1 to 65535. Write them separated by commas, such as 585,1993',
});

export const listenerSchema = z.strictObject({
  protocol: z.enum(['imap', 'imaps', 'pop3', 'pop3s']).describe('What clients speak here.'),
  address: address.default('::').describe('IP address to listen on; "::" is every address.'),
  port: listenPort.describe('TCP port; 0 takes a free one.'),
  tls: z
    .enum(['implicit', 'starttls', 'starttls-required', 'off'])
    .optional()
    .describe('imaps and pop3s: implicit. imap and pop3: starttls (default), starttls-required, off.'),
});

const upstreamPortsSchema = z
  .strictObject({
    imap: port.default(143).describe('Where imap listeners connect to.'),
    imaps: port.default(993).describe('Where imaps listeners connect to.'),
    pop3: port.default(110).describe('Where pop3 listeners connect to.'),
    pop3s: port.default(995).describe('Where pop3s listeners connect to.'),
  })
  .prefault({})
  .describe('TCP ports of the mail server.');

const upstreamTlsSchema = z
  .strictObject({
    mode: z
      .enum(['auto', 'implicit', 'starttls', 'off'])
      .default('auto')
      .describe(
        'auto: implicit TLS behind imaps and pop3s listeners, STARTTLS behind the others (on loopback only when the server refuses clear text). implicit, starttls (required), off: always that.',
      ),
    verify: z
      .boolean()
      .default(true)
      .describe('Verify the certificate of the server. false lets anyone in between read every password.'),
    ca: path
      .optional()
      .meta({ examples: ['/etc/postern/mail-ca.pem'] })
      .describe("PEM file with the authorities to trust instead of the system's."),
    serverName: hostName
      .optional()
      .meta({ examples: ['imap.example.org'] })
      .describe('Name to verify and to send as SNI; default: host.'),
  })
  .prefault({})
  .describe('TLS towards the mail server.');

const upstreamSchema = z
  .strictObject({
    host: hostName
      .meta({ examples: ['mail.example.org'] })
      .describe('Host name or IP address of the mail server. Required: it has no default.'),
    ports: upstreamPortsSchema,
    tls: upstreamTlsSchema,
    connectTimeoutMs: ms(10_000).describe('Milliseconds until TCP and TLS must stand.'),
    greetingTimeoutMs: ms(30_000).describe('Milliseconds until the server must have greeted.'),
    allowPreauth: z
      .boolean()
      .default(false)
      .describe('Accept a PREAUTH greeting over implicit TLS; it logs in whoever connects.'),
  })
  .describe('The mail server behind the gateway.');

const tlsSchema = z
  .strictObject({
    certificates: z
      .array(
        z.strictObject({ cert: path.describe('PEM file, leaf first.'), key: path.describe('PEM file.') }),
      )
      .default([])
      .meta({ examples: [[{ cert: '/etc/postern/mail.pem', key: '/etc/postern/mail.key' }]] })
      .describe(
        'PEM files, chosen by SNI; the first one is the default. None: a self-signed bootstrap certificate that clients will warn about.',
      ),
    minVersion: z
      .enum(['TLSv1.2', 'TLSv1.3'])
      .default('TLSv1.2')
      .describe('Oldest TLS version on either side (RFC 8996 retires 1.0 and 1.1).'),
    bootstrapPath: path
      .optional()
      .meta({ examples: ['./bootstrap-tls'] })
      .describe('Folder that keeps the bootstrap certificate, so that clients have to accept it only once.'),
  })
  .prefault({})
  .describe('TLS towards the clients.');

const limitsSchema = z
  .strictObject({
    maxConnections: count(10_000).describe('Open client connections; more are refused at accept.'),
    maxConnectionsPerAddress: count(200).describe('The same for one client address.'),
    loginTimeoutMs: ms(120_000).describe('Milliseconds until a client must have logged in.'),
    idleTimeoutMs: ms(2_100_000).describe(
      'Milliseconds without a byte of either side; above the 30 minutes of RFC 9051 section 5.4.',
    ),
    maxMessageBytes: bytes(50 * MIB).describe('Bytes of a message; a larger one is unscannable: too-large.'),
    maxLiteralBytes: bytes(256 * MIB).describe(
      'Bytes of one literal or message; a larger one ends the session.',
    ),
    spoolMemoryBytes: bytes(4 * MIB).describe(
      'Bytes of one held message that stay in memory; the rest goes to an unlinked temporary file.',
    ),
    maxSessionSpoolBytes: bytes(512 * MIB, 2 ** 40).describe('Bytes that one session may hold altogether.'),
    keepAliveMs: ms(5_000, 1, 15_000).describe(
      'Milliseconds between the bytes that keep a waiting client alive; clients give up after 20 s of silence.',
    ),
  })
  .prefault({})
  .describe('Limits of connections and held messages.');

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

const scanSchema = z
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
    limits: scanLimitsSchema,
  })
  .prefault({})
  .describe('The scanner.');

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

const unscannableSchema = z
  .strictObject({
    timeout: action(unscannableDefaults.timeout).describe('The scan took too long.'),
    'engine-failed': action(unscannableDefaults['engine-failed']).describe('The scanner failed or crashed.'),
    overloaded: action(unscannableDefaults.overloaded).describe('Too many scans were waiting.'),
    'too-deep': action(unscannableDefaults['too-deep']).describe('Nested deeper than the limits allow.'),
    bomb: action(unscannableDefaults.bomb).describe('Unpacks to more than the limits allow.'),
    malformed: action(unscannableDefaults.malformed).describe('Broken beyond reading.'),
    encrypted: action(unscannableDefaults.encrypted).describe('Encrypted content.'),
    'too-large': action(unscannableDefaults['too-large']).describe('Larger than limits.maxMessageBytes.'),
  })
  .prefault({})
  .describe('The scan did not come to a verdict, by cause. What is delivered is counted as unscanned.');

const policySchema = z
  .strictObject({
    malicious: action('neutralise').describe('A rule of class malicious matched.'),
    suspicious: action('deliver').describe('A rule of class suspicious matched; deliver also records it.'),
    unscannable: unscannableSchema,
    maxDeferrals: count(3, 1, 100).describe('A message that was deferred this often is neutralised instead.'),
  })
  .prefault({})
  .describe(
    'What happens to a message. deliver: as it is. neutralise: overwrite what is guilty, size kept, original to quarantine. block: refuse with an error reply. defer: ask the client to come back.',
  );

/** The whole configuration. Types are derived from it; `config/gateway.schema.json` is generated from it. */
export const configSchema = z.strictObject({
  protection: z
    .boolean()
    .default(true)
    .describe('Master switch. false: everything is forwarded untouched and counted as unscanned.'),
  mode: z
    .enum(['protect', 'monitor'])
    .default('protect')
    .describe('protect: act on verdicts. monitor: scan and record, deliver everything.'),
  protocols: z
    .strictObject({
      imap: switchedOn('IMAP'),
      imaps: switchedOn('IMAPS'),
      pop3: switchedOn('POP3'),
      pop3s: switchedOn('POP3S'),
    })
    .prefault({})
    .describe('One switch for each protocol. false: its listeners forward untouched, counted as unscanned.'),
  upstream: upstreamSchema,
  listeners: z
    .array(listenerSchema)
    .min(1)
    .optional()
    .meta({
      examples: [
        [
          { protocol: 'imap', address: '127.0.0.1', port: 10143 },
          { protocol: 'imaps', address: '127.0.0.1', port: 10993 },
        ],
      ],
    })
    .describe(
      'Where clients connect. Absent: every address, imap 143, imaps 993 and 585, pop3 110, pop3s 995.',
    ),
  imapsPorts: portList
    .optional()
    .meta({ examples: ['1993,2993'] })
    .describe('More imaps ports on every address, beside the listeners above; separated by commas.'),
  pop3sPorts: portList
    .optional()
    .meta({ examples: ['1995'] })
    .describe('More pop3s ports on every address, beside the listeners above; separated by commas.'),
  tls: tlsSchema,
  rules: z
    .array(path)
    .min(1)
    .default(['config/rules'])
    .describe('Files and folders with YARA rules (*.yar, *.yara); relative to the working directory.'),
  limits: limitsSchema,
  scan: scanSchema,
  policy: policySchema,
  quarantine: z
    .strictObject({
      path: path.default('./quarantine').describe('Folder of the originals; made with mode 0700.'),
    })
    .prefault({})
    .describe('Where originals go before their substitute leaves.'),
  admin: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Serve /metrics, /healthz and /readyz.'),
      address: address.default('127.0.0.1').describe('IP address; there is no password, so keep it private.'),
      port: listenPort.default(9090).describe('TCP port; 0 takes a free one.'),
    })
    .prefault({})
    .describe('The port for Prometheus and health checks.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least level that is written.'),
    })
    .prefault({})
    .describe('The log: JSON lines on standard output.'),
});

export type Config = z.output<typeof configSchema>;
export type ListenerConfig = z.output<typeof listenerSchema>;
