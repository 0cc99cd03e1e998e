import type { AlertBatch } from './alert.ts';
import { headlineOf, paragraphsOf } from './alert-text.ts';

/** Slack takes 3,000 characters in a text and 50 blocks in a message. */
const SLACK_TEXT = 2_900;
const SLACK_BLOCKS = 45;
const SLACK_HEADER = 150;

/** What is posted, by format. Names that attackers chose are never markup in any of them. */
export const WEBHOOK_BODIES = {
  json: (batch: AlertBatch): unknown => ({ product: 'postern', version: 1, ...batch }),

  /** Blocks of `plain_text`: no links, mentions or emphasis are read out of them. */
  slack: (batch: AlertBatch): unknown => ({
    text: slackEscaped(headlineOf(batch)),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: headlineOf(batch).slice(0, SLACK_HEADER), emoji: false },
      },
      ...paragraphsOf(batch)
        .slice(0, SLACK_BLOCKS)
        .map((text) => ({
          type: 'section',
          text: { type: 'plain_text', text: text.slice(0, SLACK_TEXT), emoji: false },
        })),
    ],
  }),

  /** Text runs: unlike text blocks they know no Markdown. */
  teams: (batch: AlertBatch): unknown => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            richText(headlineOf(batch), { weight: 'bolder' }),
            ...paragraphsOf(batch).map((text) => richText(text, {})),
          ],
        },
      },
    ],
  }),
} as const;

function richText(text: string, style: Readonly<Record<string, string>>): unknown {
  return { type: 'RichTextBlock', inlines: [{ type: 'TextRun', text, ...style }] };
}

/** The fallback text of a message has markup; these three characters begin all of it. */
function slackEscaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
