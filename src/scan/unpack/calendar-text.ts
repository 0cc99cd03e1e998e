import { ByteCuts } from './byte-cuts.ts';
import { decodeEntities, hasTag, stripTags } from './text-views.ts';

/** Texts of calendars and address cards, in which commas and semicolons stand behind backslashes (RFC 5545 3.3.11). */

/** How such files begin; they may stand in a longer text. */
export const CALENDAR_MARKS: readonly string[] = ['begin:vcalendar', 'begin:vcard'];
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;

/** The text without the backslashes before its commas and semicolons, and as a page shows it then. */
export function calendarText(bytes: Buffer): Buffer[] {
  const cuts = new ByteCuts(bytes);
  for (let at = bytes.indexOf(BACKSLASH); at >= 0; at = bytes.indexOf(BACKSLASH, at + 2)) {
    const next = bytes[at + 1];
    if (next === COMMA || next === SEMICOLON) {
      cuts.cut(at, at + 1);
    }
  }
  const rest = cuts.rest();
  if (rest === undefined) {
    return [];
  }
  const text = (hasTag(rest) ? stripTags(rest) : undefined) ?? rest;
  return [decodeEntities(text) ?? text];
}
