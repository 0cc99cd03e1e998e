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
