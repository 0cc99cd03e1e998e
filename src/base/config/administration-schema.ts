import { z } from 'zod';
import { address, count, listenPort, MIB, path } from './value-schemas.ts';

const s3Schema = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/u })
      .optional()
      .meta({ examples: ['https://s3.example.org'] })
      .describe('Address of an S3-compatible service; set: originals go there instead of into path.'),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/u)
      .optional()
      .meta({ examples: ['postern'] })
      .describe('Name of the bucket; it has to exist.'),
    prefix: z
      .string()
      .regex(/^(?:[\w-]+\/)*$/u)
      .default('')
      .describe('Beginning of every object name, such as "mail/".'),
    region: z.string().min(1).default('us-east-1').describe('Region that requests are signed for.'),
    accessKeyId: z
      .string()
      .min(1)
      .optional()
      .meta({ examples: ['POSTERN'] })
      .describe('Access key.'),
    secretAccessKey: z
      .string()
      .min(1)
      .optional()
      .meta({ examples: ['a-secret'] })
      .describe('Its secret; better given in the environment than here.'),
  })
  .prefault({})
  .describe('Object store for the originals. The index stays in quarantine.path.');

/** A mesh of more is no place to poll. */
const MAX_PEERS = 32;

const peerSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/u)
    .describe('How log and audit trail name it.'),
  url: z.url({ protocol: /^https?$/u }).describe('Address of its admin port.'),
  token: z.string().min(1).max(500).optional().describe('Token of its API with the role operator.'),
  tokenFile: path.optional().describe('File with that token.'),
  ca: path.optional().describe("PEM file with the authorities to trust instead of the system's."),
});

export const quarantineSchema = z
  .strictObject({
    path: path.default('./quarantine').describe('Folder of originals and index; made with mode 0700.'),
    keyFile: path
      .optional()
      .meta({ examples: ['/etc/postern/quarantine.key'] })
      .describe(
        'Key that the originals are encrypted with, made at the first start; default: path + ".key".',
      ),
    retentionDays: z
      .int()
      .min(0)
      .max(3_650)
      .default(30)
      .describe('Days until an original is deleted, counted from its last fetch; 0: never.'),
    quotaBytes: z
      .int()
      .min(0)
      .max(2 ** 50)
      .default(10 * 1024 * MIB)
      .describe('Bytes that originals may take; 0: as many as there is room for.'),
    whenFull: z
      .enum(['refuse', 'drop-released', 'oldest-first'])
      .default('refuse')
      .describe(
        'refuse: a message that cannot be kept is deferred. drop-released: delete the oldest originals that were released, then refuse. oldest-first: then also those that were not fetched for minimumDays, oldest first. Never is anything delivered because the quarantine is full.',
      ),
    minimumDays: z
      .int()
      .min(0)
      .max(3_650)
      .default(7)
      .describe('whenFull oldest-first: days since its last fetch that an original is kept in any case.'),
    peers: z
      .array(peerSchema)
      .max(MAX_PEERS)
      .default([])
      .meta({
        examples: [[{ name: 'mx2', url: 'https://mx2.example.org:9090', tokenFile: '/run/secrets/mx2' }]],
      })
      .describe('Other gateways before the same mailboxes: what is released there is released here.'),
    peerPollMs: count(5_000, 100, 3_600_000).describe('Milliseconds between two looks at each of them.'),
    s3: s3Schema,
  })
  .prefault({})
  .describe('Where originals go before their substitute leaves.');

export const historySchema = z
  .strictObject({
    path: path
      .optional()
      .meta({ examples: ['/var/lib/postern/history.db'] })
      .describe('Database file; default: history.db in quarantine.path.'),
    retentionDays: z
      .int()
      .min(1)
      .max(3_650)
      .default(90)
      .describe('Days that detections and fetches are kept.'),
    maxDetections: count(200_000, 1_000).describe('Detections that are kept; older ones are deleted.'),
    retroHuntDays: z
      .int()
      .min(0)
      .max(3_650)
      .default(7)
      .describe(
        'Days of originals and fetches that are judged again in the background when the rules have changed; 0: never.',
      ),
    maxFetches: count(2_000_000, 1_000, 100_000_000).describe(
      'Deliveries of messages that are kept, so that it is known later who got what; older ones are deleted.',
    ),
  })
  .prefault({})
  .describe('What was found, for whom, and who got the same content.');

export const adminSchema = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Serve /metrics, /healthz, /readyz and the API.'),
    address: address
      .default('127.0.0.1')
      .describe('IP address; metrics and health have no password, so keep it private.'),
    port: listenPort.default(9090).describe('TCP port; 0 takes a free one.'),
    token: z
      .string()
      .regex(/^[\x21-\x7e]{16,500}$/u, { error: 'has to be 16 to 500 visible ASCII characters' })
      .optional()
      .meta({ examples: ['a-long-random-text'] })
      .describe('Token with all rights for the API; better given in the environment than here.'),
    database: path
      .optional()
      .meta({ examples: ['/var/lib/postern/admin.db'] })
      .describe('Users and tokens; default: admin.db in quarantine.path.'),
    tlsCert: path
      .optional()
      .meta({ examples: ['/etc/postern/admin.pem'] })
      .describe('PEM file, leaf first: serve HTTPS. Without it passwords of the API travel in clear text.'),
    tlsKey: path
      .optional()
      .meta({ examples: ['/etc/postern/admin.key'] })
      .describe('PEM file with its key.'),
  })
  .prefault({})
  .describe('The port for Prometheus, health checks and administrators.');
