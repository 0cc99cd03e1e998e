import { z } from 'zod';
import { path } from './value-schemas.ts';

const MAX_CERTIFICATES = 1000;

const fingerprint = z.string().refine((value) => /^(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/iu.test(value), {
  error: 'is not a SHA-256 fingerprint. Write 64 characters 0-9 and a-f, with or without colons',
});

/** What is done when the certificate of a server cannot be trusted. */
export const CERTIFICATE_ACTIONS = ['block', 'untrusted-leaf', 'tunnel'] as const;
export const CERTIFICATE_PROBLEMS = ['untrusted', 'expired', 'wrongHost', 'weak', 'revoked'] as const;

const problem = (what: string) => z.enum(CERTIFICATE_ACTIONS).default('block').describe(what);

export const tlsFilterSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Open connections that begin with TLS. false: forwarded untouched, counted as unscanned.'),
    ca: path
      .optional()
      .meta({ examples: ['./ca'] })
      .describe(
        'Folder of the own authority, made by "postern ca init". With it, servers without an entry in tls.certificates get a certificate under their own name.',
      ),
    caKeyFile: path
      .optional()
      .meta({ examples: ['/run/secrets/postern-ca'] })
      .describe('File with the passphrase of its key; or the variable POSTERN_CA_PASSPHRASE.'),
    problems: z
      .strictObject({
        untrusted: problem('Signed by nobody we trust.'),
        expired: problem('Not valid any more, or not yet.'),
        wrongHost: problem('Made for another name.'),
        weak: problem('RSA key below 2048 bits, or an elliptic curve below 224.'),
        revoked: problem('In the list revoked.'),
      })
      .prefault({})
      .describe(
        'Only with an authority. block: no connection. untrusted-leaf: scanned, but the certificate the client sees is made untrusted, so that it still warns. tunnel: forwarded untouched.',
      ),
    revoked: path
      .optional()
      .meta({ examples: ['/etc/postern/revoked.txt'] })
      .describe('File with SHA-256 fingerprints of certificates or public keys, one on each line.'),
    knownCertificates: z
      .array(
        z.strictObject({
          sha256: fingerprint.describe('Of the certificate or of its public key (SPKI).'),
          comment: z.string().max(500).optional().describe('For people.'),
          access: z
            .enum(['auto', 'allow', 'block'])
            .default('auto')
            .describe('auto: by its problems. allow: whatever its problems. block: never.'),
          scan: z.enum(['auto', 'ignore']).default('auto').describe('ignore: forwarded untouched.'),
        }),
      )
      .max(MAX_CERTIFICATES)
      .default([])
      .meta({ examples: [[{ sha256: '00'.repeat(32), access: 'allow', comment: 'the old server' }]] })
      .describe('Certificates of servers that are decided on already.'),
  })
  .prefault({})
  .describe('What happens to connections that begin with TLS.');

export type TlsFilterConfig = z.output<typeof tlsFilterSchema>;
