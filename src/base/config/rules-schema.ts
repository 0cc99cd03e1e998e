import { z } from 'zod';
import { path } from './value-schemas.ts';

const HOUR_MS = 3_600_000;
/** Sources are few; a mirror of a hundred lists is one manifest. */
const MAX_SOURCES = 32;
const ED25519_KEY_BYTES = 32;

const url = (protocol: RegExp, example: string) =>
  z.url({ protocol, error: `is not an address such as ${example}` });

const rulesPath = z.array(path);

export const rulesSchema = rulesPath
  .min(1)
  .default(['config/rules'])
  .describe('Files and folders with YARA rules (*.yar, *.yara); relative to the working directory.');

export const shadowRulesSchema = rulesPath
  .default([])
  .describe('The same for rules on trial: what they find is recorded and never acted on.');

const sourceSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/u, { error: 'is not lower-case letters, digits and dashes' })
      .describe('Name in logs, metrics and namespaces.'),
    url: url(/^https$/u, 'https://rules.example.org/mail.json').describe(
      'Manifest (.json) of a set, or one rule file (.yar, .yara).',
    ),
    everyMs: z
      .int()
      .min(10_000)
      .max(30 * 24 * HOUR_MS)
      .default(HOUR_MS)
      .describe('Milliseconds between two looks.'),
    publicKey: z
      .string()
      .refine((text) => isKey(text), { error: 'is not an ed25519 key: 32 bytes in base64' })
      .optional()
      .describe('ed25519 key, base64: the answer at the address + ".sig" has to sign what is fetched.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/u, { error: 'is not a SHA-256 digest in lower-case hex' })
      .optional()
      .describe('Digest that what is fetched must have: nothing else is ever taken.'),
    proxy: url(/^https?$/u, 'http://proxy.example.org:3128')
      .optional()
      .describe('HTTP proxy on the way.'),
    ca: path.optional().describe("PEM file with the authorities to trust instead of the system's."),
    shadow: z.boolean().default(false).describe('Rules on trial, as in shadowRules.'),
  })
  .refine(({ publicKey, sha256 }) => (publicKey === undefined) !== (sha256 === undefined), {
    error: 'needs either publicKey or sha256. Rules from a network that nobody vouches for are not loaded',
  });

export const ruleSourcesSchema = z
  .array(sourceSchema)
  .max(MAX_SOURCES)
  .refine((sources) => new Set(sources.map(({ name }) => name)).size === sources.length, {
    error: 'has two sources of one name. Choose another',
  })
  .default([])
  .meta({
    examples: [[{ name: 'mail', url: 'https://rules.example.org/mail.json', publicKey: 'base64' }]],
  })
  .describe('Rules that are fetched. docs/SCANNING.md says how a manifest looks.');

export const ruleUpdatesSchema = z
  .strictObject({
    checkMs: z
      .int()
      .min(0)
      .max(24 * HOUR_MS)
      .default(2_000)
      .describe('Milliseconds between two looks at rule files and digest lists; 0: only at SIGHUP.'),
    rollback: z
      .boolean()
      .default(true)
      .describe('Go back to the rules before when new ones fail, are slow or find far more.'),
    path: path.default('./rule-sources').describe('Folder of what ruleSources fetch.'),
  })
  .prefault({})
  .describe('How changed rules come into use, without a restart.');

function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/u.test(text) && Buffer.from(text, 'base64').byteLength === ED25519_KEY_BYTES;
}

export type RuleSourceConfig = z.output<typeof sourceSchema>;
