import { z } from 'zod';
import { port } from './fields.ts';

/** A contact is an address, a telephone number or a short sentence. */
const MAX_CONTACT = 120;
const MAX_TEXT = 400;
const MAX_CHOICES = 256;

/** Goes into mail as it is, in any encoding: nothing that a MIME or HTML reader gives a meaning. */
const HARMLESS = /^(?!.*--)[A-Za-z0-9 ,.:/_@+()-]*$/u;
const notHarmless =
  'may hold letters A-Z, digits, blanks and , . : / _ @ + ( ) - only, and no two hyphens together';

export const NOTICE_LANGUAGES = ['en', 'sv', 'de'] as const;
export const NOTICE_PLACES = ['reason', 'rule', 'piece', 'digest', 'scan', 'contact'] as const;

/** Before a subject: room for the original in a list of messages. */
const MAX_TAG = 80;
const MAX_KEYWORDS = 4;
const MAX_KEYWORD = 50;
export const TAG_PLACES = ['DETECTIONNAME', 'ACTION', 'VERDICT', 'SCANID'] as const;

/** Visible ASCII and blanks; `=?` would begin an encoded word (RFC 2047). */
const subjectTag = z
  .string()
  .min(1)
  .max(MAX_TAG)
  .regex(/^(?!.*=\?)[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/u, { error: 'has to be visible ASCII without =?' })
  .refine((value) => (value.match(/%[^%\s]*%/gu) ?? []).every((place) => PLACES.has(place)), {
    error: `has the places ${TAG_PLACES.map((place) => `%${place}%`).join(' ')}`,
  })
  .optional()
  .meta({ examples: ['[detection %DETECTIONNAME%] '] });
const PLACES: ReadonlySet<string> = new Set(TAG_PLACES.map((place) => `%${place}%`));

/** flag-keyword of RFC 9051: an atom; no system flag. */
const keywords = z
  .array(
    z
      .string()
      .max(MAX_KEYWORD)
      .regex(/^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/u, { error: 'is not a keyword such as $Phishing' }),
  )
  .max(MAX_KEYWORDS)
  .default([]);

const contact = z.string().max(MAX_CONTACT).regex(HARMLESS, { error: notHarmless });

const text = z
  .string()
  .min(1)
  .max(MAX_TEXT)
  .refine((value) => HARMLESS.test(value.replaceAll(/\{(?:reason|rule|piece|digest|scan|contact)\}/gu, '')), {
    error: `${notHarmless}; the places are ${NOTICE_PLACES.map((place) => `{${place}}`).join(' ')}`,
  })
  .optional()
  .meta({ examples: ['Removed by the help desk: {reason} Call {contact} and say {digest}.'] });

const wording = {
  language: z.enum(NOTICE_LANGUAGES).default('en').describe('en, sv or de, without letters beyond ASCII.'),
  contact: contact
    .default('your administrator')
    .describe('Whom a user asks for release; completes the sentence "ask …".'),
  text: text.describe(
    'Own words instead of ours; {reason}, {rule}, {piece}, {digest}, {scan}, {contact} are filled in.',
  ),
  subjectTag: subjectTag.describe(
    'POP3: put before the subject of what was neutralised; %DETECTIONNAME%, %VERDICT%, %ACTION%, %SCANID% are filled in. Absent: nothing.',
  ),
  resultHeaders: z
    .boolean()
    .default(false)
    .describe('POP3: add X-Postern-Result and X-Postern-Rule to what was neutralised.'),
  keywords: keywords
    .meta({ examples: [['$Phishing']] })
    .describe('IMAP: keywords that are set on what was neutralised or withheld, such as $Phishing or $Junk.'),
  keywordsFound: keywords
    .meta({ examples: [['Suspicious']] })
    .describe('IMAP: keywords that are set on what was delivered although something was found.'),
};

export const noticeSchema = z
  .strictObject({
    ...wording,
    choices: z
      .array(
        z.strictObject({
          ports: z.array(port).default([]).describe('Ports of listeners that it is for.'),
          domains: z
            .array(z.string().min(1).max(253))
            .default([])
            .describe('Users of these domains (user@domain); they win over ports.'),
          ...wording,
        }),
      )
      .max(MAX_CHOICES)
      .default([])
      .meta({ examples: [[{ domains: ['example.se'], language: 'sv', contact: 'it@example.se' }]] })
      .describe('Other words for some listeners or domains; the first that fits.'),
  })
  .prefault({})
  .describe('What a user reads where content was removed.');

export type NoticeConfig = z.output<typeof noticeSchema>;
