import { z } from 'zod';
import { addressList } from './fields.ts';
import { path } from './value-schemas.ts';

/** More belongs into the rules or the routing, not into exclusions. */
const MAX_ENTRIES = 1000;
const MAX_TEXT = 500;

const pattern = z.string().min(1).max(MAX_TEXT);
const date = z.string().refine((value) => expiryOf(value) !== undefined, {
  error: 'is not a date. Write 2027-01-31 or 2027-01-31T12:00:00Z',
});

/** Who answers for it, why, and for how long: an exclusion without these stays for ever and nobody knows why. */
const account = {
  owner: z.string().min(1).max(MAX_TEXT).describe('Who answers for it.'),
  reason: z.string().min(1).max(MAX_TEXT).describe('Why it is needed.'),
  expires: date.optional().describe('Last day (UTC) or moment on which it has effect.'),
};

/** Milliseconds since 1970 until which it has effect; a day counts whole. `undefined`: no date. */
export function expiryOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/u.test(text)) return undefined;
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  // Dates such as 31 February are moved into March.
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text.slice(0, 10)) return undefined;
  const moment = Date.parse(text.length === 10 ? `${text}T23:59:59.999Z` : text);
  return Number.isNaN(moment) ? undefined : moment;
}

function listOf<S extends z.ZodRawShape>(shape: S, example: Record<string, string>, what: string) {
  const owner = { owner: 'ann', reason: 'ticket 4711', expires: '2027-01-31' };
  return z
    .array(z.strictObject({ ...shape, ...account }))
    .max(MAX_ENTRIES)
    .default([])
    .meta({ examples: [[{ ...example, ...owner }]] })
    .describe(what);
}

const ADDRESSES = {
  addresses: addressList.describe(
    'Addresses, ranges a-b and networks a/n, IPv4 and IPv6, separated by comma, semicolon or newline.',
  ),
};

export const exclusionsSchema = z
  .strictObject({
    clients: listOf(
      ADDRESSES,
      { addresses: '10.1.2.3, 10.2.0.0/16' },
      'Connections from these addresses are forwarded untouched.',
    ),
    servers: listOf(
      ADDRESSES,
      { addresses: '192.0.2.25; 2001:db8::/32' },
      'Connections to these addresses are forwarded untouched.',
    ),
    applications: listOf(
      {
        name: pattern.describe(
          'Name of the program in IMAP ID; * stands for anything, case does not matter.',
        ),
        version: pattern.optional().describe('The same for its version; default: every version.'),
      },
      { name: 'OldMail', version: '2.*' },
      'Programs that get their mail unscanned from the moment they name themselves (IMAP ID).',
    ),
    fingerprints: listOf(
      { ja4: pattern.describe('JA4 of the TLS ClientHello; * stands for anything.') },
      { ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1' },
      'Programs known by their TLS handshake; connections that begin with TLS are forwarded untouched.',
    ),
    executables: listOf(
      { path: path.describe('Absolute path of the program; * stands for anything.') },
      { path: '/usr/bin/oldmail' },
      'Programs on this machine, by the owner of the connection; forwarded untouched.',
    ),
    users: listOf(
      { user: pattern.describe('Login name; * stands for anything, as in *@example.org.') },
      { user: 'archive@example.org' },
      'Users who get their mail unscanned.',
    ),
    mailboxes: listOf(
      {
        mailbox: pattern.describe('Name of the mailbox as the client says it; * stands for anything.'),
        user: pattern.optional().describe('Login name; default: everybody.'),
      },
      { mailbox: 'Samples', user: 'lab@example.org' },
      'Mailboxes whose messages are delivered unscanned.',
    ),
    detections: listOf(
      { detection: pattern.describe('namespace/rule; * stands for anything.') },
      { detection: 'starter/Noisy_Rule' },
      'Findings that are recorded but do not count.',
    ),
    digests: listOf(
      {
        sha256: z
          .string()
          .refine((value) => /^[0-9a-f]{64}$/iu.test(value), {
            error: 'is not a SHA-256 digest. Write 64 characters 0-9 and a-f',
          })
          .describe('SHA-256 of a message as it came, or of an attachment as it was matched.'),
      },
      { sha256: '0'.repeat(64) },
      'Content whose findings do not count.',
    ),
    serverNames: listOf(
      { name: pattern.describe('Name in the TLS ClientHello (SNI); * stands for anything.') },
      { name: '*.bank.example' },
      'Mail servers whose TLS is not opened; forwarded untouched.',
    ),
  })
  .prefault({})
  .describe('What is not scanned. Everything that goes through is counted, by cause.');

export type ExclusionsConfig = z.output<typeof exclusionsSchema>;
