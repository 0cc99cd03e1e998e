import { z } from 'zod';
import { adminSchema, historySchema, quarantineSchema } from './administration-schema.ts';
import { exclusionsSchema } from './exclusions-schema.ts';
import { addressList, hostName, mailDomain, objectName, port, portList } from './fields.ts';
import { noticeSchema } from './notice-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';
import { tlsFilterSchema } from './tls-filter-schema.ts';
import { ruleSourcesSchema, ruleUpdatesSchema, rulesSchema, shadowRulesSchema } from './rules-schema.ts';
import { scanSchema } from './scan-schema.ts';
import { address, count, listenPort, MIB, path } from './value-schemas.ts';
import { ACTION_NAMES, type UNSCANNABLE_NAMES } from './words.ts';

const DAY_MS = 86_400_000;
/** IMAP numbers are 32 bits, and servers and clients keep sizes in signed integers: RFC 9051 section 9. */
const MAX_31_BITS = 2 ** 31 - 1;

const ms = (fallback: number, min = 1, max = DAY_MS) => z.int().min(min).max(max).default(fallback);
const bytes = (fallback: number, max = MAX_31_BITS) => z.int().min(1).max(max).default(fallback);
const action = (fallback: (typeof ACTION_NAMES)[number]) => z.enum(ACTION_NAMES).default(fallback);
const switchedOn = (what: string) => z.boolean().default(true).describe(`Scan ${what}.`);

export const listenerSchema = z.strictObject({
  protocol: z
    .enum(['imap', 'imaps', 'pop3', 'pop3s', 'auto'])
    .describe('What clients speak here. auto: found out from the first bytes of client and server.'),
  address: address.default('::').describe('IP address to listen on; "::" is every address.'),
  port: listenPort.describe('TCP port; 0 takes a free one.'),
  tls: z
    .enum(['implicit', 'starttls', 'starttls-required', 'off'])
    .optional()
    .describe(
      'imaps and pop3s: implicit. The others, in clear text: starttls (default), starttls-required, off.',
    ),
  transparent: z
    .boolean()
    .optional()
    .describe('Connections are redirected here by the packet filter and go on to their own destination.'),
  interceptPorts: portList
    .optional()
    .describe('Ports that "postern nft" redirects here; default: those of the protocol.'),
  upstreamPort: port
    .optional()
    .describe('auto without transparent: port of the mail server; default: the port of the listener.'),
  upstream: objectName.optional().describe('Name of one of upstreams; default: upstream.'),
  route: z
    .enum(['login-domain'])
    .optional()
    .describe(
      'login-domain: the domain of the login name chooses one of upstreams, so the gateway greets by itself; names that none has go to upstream.',
    ),
  policy: objectName
    .optional()
    .describe('Name of one of policies; default: that of the upstream, then policy.'),
  proxyProtocol: z
    .boolean()
    .optional()
    .describe('Every connection begins with a PROXY header (version 1 or 2) of one of trustedProxies.'),
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

const host = hostName
  .meta({ examples: ['mail.example.org'] })
  .describe('Host name or IP address of the mail server. Required: it has no default.');

const upstreamSchema = z
  .strictObject({
    host: host
      .optional()
      .describe(
        'Host name or IP address of the mail server. Required, unless every listener is transparent or goes elsewhere.',
      ),
    ports: upstreamPortsSchema,
    tls: upstreamTlsSchema,
    connectTimeoutMs: ms(10_000).describe('Milliseconds until TCP and TLS must stand.'),
    greetingTimeoutMs: ms(30_000).describe('Milliseconds until the server must have greeted.'),
    allowPreauth: z
      .boolean()
      .default(false)
      .describe('Accept a PREAUTH greeting over implicit TLS; it logs in whoever connects.'),
    fallbackHosts: z
      .array(hostName)
      .max(16)
      .default([])
      .describe('Taken in this order while host does not answer; the same ports and TLS settings.'),
    healthCheckMs: z
      .int()
      .min(0)
      .max(DAY_MS)
      .default(0)
      .describe(
        'Milliseconds between looks whether host and fallbackHosts greet; 0: only connections of clients tell.',
      ),
    proxyProtocol: z
      .enum(['off', 'v1', 'v2'])
      .default('off')
      .describe('Tell the server the address of the client with a PROXY header. It must expect one.'),
    forwardClient: z
      .boolean()
      .default(false)
      .describe('Tell the server the address of the client with IMAP ID and POP3 XCLIENT. It must trust us.'),
    policy: objectName
      .optional()
      .meta({ examples: ['default'] })
      .describe('Name of one of policies for its messages; default is the section policy.'),
  })
  .prefault({})
  .describe('The mail server behind the gateway.');

const namedUpstreamSchema = z.strictObject({
  name: objectName.describe('How listeners refer to it.'),
  serverNames: z
    .array(z.string().min(1).max(253))
    .default([])
    .describe('Names in the ClientHello (SNI) that lead here; * stands for anything.'),
  domains: z
    .array(mailDomain)
    .max(10_000)
    .default([])
    .describe(
      'Login names of these domains (user@domain) lead here, from listeners with route: login-domain. "*.example.net": its subdomains. The longest match counts.',
    ),
  ...upstreamSchema.unwrap().shape,
  host,
});

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
    strictAlpn: z
      .boolean()
      .default(false)
      .describe(
        'Refuse clients that offer application protocols, and neither imap nor pop3, in the handshake.',
      ),
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
    spoolMemoryBytes: bytes(32 * MIB).describe(
      'Bytes of one held message that stay in memory; the rest goes to an unlinked temporary file.',
    ),
    maxSpoolMemoryBytes: bytes(256 * MIB, 2 ** 40).describe(
      'Bytes of all held messages that stay in memory; what comes on top goes to temporary files.',
    ),
    maxSpoolBytes: bytes(8 * 1024 * MIB, 2 ** 50).describe(
      'Bytes of all held messages in memory and in files; less when the folder for temporary files has less room. When they run short, the heaviest sessions wait.',
    ),
    maxSessionSpoolBytes: bytes(512 * MIB, 2 ** 40).describe('Bytes that one session may hold altogether.'),
    keepAliveMs: ms(5_000, 1, 15_000).describe(
      'Milliseconds between the bytes that keep a waiting client alive; clients give up after 20 s of silence.',
    ),
  })
  .prefault({})
  .describe('Limits of connections and held messages.');

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

const policyShape = {
  malicious: action('neutralise').describe('A rule of class malicious matched.'),
  suspicious: action('deliver').describe('A rule of class suspicious matched; deliver also records it.'),
  unscannable: unscannableSchema,
  maxDeferrals: count(3, 1, 100).describe('A message that was deferred this often is neutralised instead.'),
};

const policySchema = z
  .strictObject(policyShape)
  .prefault({})
  .describe(
    'What happens to a message. deliver: as it is. neutralise: overwrite what is guilty, size kept, original to quarantine. block: refuse with an error reply. defer: ask the client to come back.',
  );

const namedPolicySchema = z.strictObject({
  name: objectName.describe('How listeners and upstreams refer to it.'),
  domains: z
    .array(z.string().min(1).max(253))
    .default([])
    .describe('Users of these domains (user@domain) have this policy, wherever they come from.'),
  mode: z.enum(['protect', 'monitor']).optional().describe('Default: mode.'),
  ...policyShape,
});

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
  configCheckMs: z
    .int()
    .min(0)
    .max(DAY_MS)
    .default(5_000)
    .describe(
      'Milliseconds between looks at the file of this configuration. Exclusions, policies and notices take effect when it changed; other keys need a restart. 0: on SIGHUP only.',
    ),
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
  reusePort: z
    .boolean()
    .default(false)
    .describe(
      'Several gateways of this machine, of one user, listen on the same ports; the system spreads connections over them. Each has its own state and its own limits.',
    ),
  imapsPorts: portList
    .optional()
    .meta({ examples: ['1993,2993'] })
    .describe('More imaps ports on every address, beside the listeners above; separated by commas.'),
  pop3sPorts: portList
    .optional()
    .meta({ examples: ['1995'] })
    .describe('More pop3s ports on every address, beside the listeners above; separated by commas.'),
  upstreams: z
    .array(namedUpstreamSchema)
    .max(256)
    .default([])
    .meta({
      examples: [[{ name: 'branch', host: 'mail.branch.example', serverNames: ['*.branch.example'] }]],
    })
    .describe('More mail servers, chosen by listener (upstream: name) or by the name a client asks for.'),
  trustedProxies: addressList
    .optional()
    .meta({ examples: ['10.0.0.10, 10.0.0.11'] })
    .describe(
      'Who may begin a connection with a PROXY header; listeners with proxyProtocol refuse all others.',
    ),
  tls: tlsSchema,
  tlsFilter: tlsFilterSchema,
  exclusions: exclusionsSchema,
  rules: rulesSchema,
  shadowRules: shadowRulesSchema,
  ruleSources: ruleSourcesSchema,
  ruleUpdates: ruleUpdatesSchema,
  limits: limitsSchema,
  scan: scanSchema,
  policy: policySchema,
  policies: z
    .array(namedPolicySchema)
    .max(256)
    .default([])
    .meta({ examples: [[{ name: 'lab', malicious: 'block', domains: ['lab.example.org'] }]] })
    .describe('More policies, for listeners, upstreams and domains of users; the keys of policy.'),
  notice: noticeSchema,
  notifications: notificationsSchema,
  quarantine: quarantineSchema,
  history: historySchema,
  admin: adminSchema,
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
export type UpstreamConfig = z.output<typeof upstreamSchema>;
export type PolicyConfig = z.output<typeof policySchema>;
